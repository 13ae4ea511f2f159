import type { Executor } from './database.ts'

/** A change as a capability tells the audit log of it: `before` and `after` hold the values that it changed. */
export interface AuditChange {
  action: string
  resource: string
  id: number | string | null
  before?: Record<string, unknown> | null
  after?: Record<string, unknown> | null
}

/** `app.audit.record`: appends changes in the transaction that makes them. */
export type RecordChanges = (tx: Executor, changes: AuditChange[]) => Promise<void>
