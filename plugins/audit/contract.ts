import type { SqlPart } from '#platform/database/index.ts'
import type { JsonPage, SortedPage } from '#platform/database/json-list.ts'
import type { AuditQuery } from '#schema/shapes/audit.ts'

/** A change to record. `before` and `after` hold only the changed values. */
export interface AuditChange {
  action: string
  resource: string
  id: number | string | null
  before?: Record<string, unknown> | null
  after?: Record<string, unknown> | null
}

/** `app.audit.record`: appends changes in the transaction that makes them. */
export type RecordChanges = (changes: AuditChange[]) => Promise<void>

/** `app.audit.insertion`: the INSERT of entries as part of the prepared statement that makes the changes. */
export interface Insertion {
  /** The INSERT of the changes that a SELECT returns: action, resource, resource_id, before, after. */
  of(rows: SqlPart): SqlPart
  /** The current values of its placeholders. */
  values(): Record<string, unknown>
}

/** What an erasure removes from the audit log: the values of resources, and the name of a user as author. */
export interface AuditErasure {
  resource: string
  ids: readonly (number | string)[]
  authorId?: number
}

/** `app.audit.erase`: removes values from entries, in the transaction that erases them elsewhere. */
export type EraseChanges = (erasure: AuditErasure) => Promise<void>

/**
 * `app.audit.findOwned`: the ids of the resources that belonged to a user. The audit log still has them after
 * a deletion of the user.
 */
export type FindOwned = (resource: string, userId: number) => Promise<string[]>

/** `app.audit.list`: matching entries, by default the newest first. Throws INPUT_INVALID. */
export type ListChanges = (query: AuditQuery) => Promise<JsonPage | SortedPage>
