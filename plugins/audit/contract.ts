import type { SqlPart } from '#platform/database/index.ts'

/** A change as a capability tells the audit log of it: `before` and `after` hold the values that it changed. */
export interface AuditChange {
  action: string
  resource: string
  id: number | string | null
  before?: Record<string, unknown> | null
  after?: Record<string, unknown> | null
}

/** `app.audit.record`: appends changes, in the transaction that makes them. */
export type RecordChanges = (changes: AuditChange[]) => Promise<void>

/** `app.audit.insertion`: the INSERT of entries as part of the prepared statement that makes the changes. */
export interface Insertion {
  /** The INSERT of the changes that a SELECT gives: action, resource, resource_id, before, after. */
  of(rows: SqlPart): SqlPart
  /** The values of its placeholders now. */
  values(): Record<string, unknown>
}

/** What erasure takes out of the audit log: the values of things, and the name of a user on what it changed. */
export interface AuditErasure {
  resource: string
  ids: readonly (number | string)[]
  authorId?: number
}

/** `app.audit.erase`: takes values out of entries, in the transaction that erases them elsewhere. */
export type EraseChanges = (erasure: AuditErasure) => Promise<void>

/**
 * `app.audit.findOwned`: the ids of the things of a kind that belonged to a user by what the audit log says, which knows it after the
 * user was deleted too.
 */
export type FindOwned = (resource: string, userId: number) => Promise<string[]>
