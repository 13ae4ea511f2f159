import { sql } from 'drizzle-orm'
import { bigint, index, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import { instant } from './instant.ts'

/**
 * Who changed what: one row for each change, written in the transaction that makes it. A trigger (see the migration)
 * refuses to change or delete rows, but for erasure, which takes values out, and retention, which deletes the oldest.
 * `resource_id` is text: keys and hosts have ids that are no numbers.
 */
export const auditLog = pgTable(
  'audit_log',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
    at: instant({ precision: 3 }).notNull().default(sql`now()`),
    actorKind: text('actor_kind').notNull(),
    actorKeyId: text('actor_key_id'),
    actorUserId: bigint('actor_user_id', { mode: 'number' }),
    actorName: text('actor_name'),
    action: text().notNull(),
    resource: text().notNull(),
    resourceId: text('resource_id'),
    before: jsonb().$type<Record<string, unknown>>(),
    after: jsonb().$type<Record<string, unknown>>(),
    requestId: text('request_id')
  },
  (table) => [
    index('audit_log_resource').on(table.resource, table.resourceId, table.id),
    index('audit_log_time').using('brin', table.at)
  ]
)

export type AuditRow = typeof auditLog.$inferSelect
