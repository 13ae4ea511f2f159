import { sql } from 'drizzle-orm'
import { bigint, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import { instant } from './instant.ts'

/**
 * Messages of committed changes that wait for their consumer. Handled messages are deleted. `due_at` is the
 * lease while a process handles a message, and the time of the next attempt after a failure. Dead messages
 * (`dead_at`) remain for operators.
 */
export const outbox = pgTable(
  'outbox',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
    topic: text().notNull(),
    aggregate: text().notNull(),
    payload: jsonb().$type<Record<string, unknown>>().notNull(),
    attempts: integer().notNull().default(0),
    error: text(),
    createdAt: instant('created_at').notNull().default(sql`now()`),
    dueAt: instant('due_at').notNull().default(sql`now()`),
    deadAt: instant('dead_at')
  },
  (table) => [
    index('outbox_due').on(table.topic, table.dueAt).where(sql`${table.deadAt} is null`),
    index('outbox_order').on(table.topic, table.aggregate, table.id).where(sql`${table.deadAt} is null`)
  ]
)
