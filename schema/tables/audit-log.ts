import { sql } from 'drizzle-orm'
import { bigint, index, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import { instant } from './instant.ts'

/**
 * The audit log: one row per change, with its author, written in the transaction of the change. A trigger
 * (see the migration) refuses updates and deletes, except for erasure, which removes values, and retention,
 * which deletes the oldest rows. `resource_id` is text, because ids of keys and hosts are not numbers.
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
