import { sql } from 'drizzle-orm'
import { index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { instant } from './instant.ts'

/**
 * Answers to POST requests with an `Idempotency-Key`, by caller and key, written in the transaction of the
 * request. `fingerprint` is a hash of the request, `answer` the JSON text of the body. Rows expire after a
 * day.
 */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    scope: text().notNull(),
    key: text().notNull(),
    fingerprint: text().notNull(),
    status: integer().notNull(),
    answer: text().notNull(),
    createdAt: instant('created_at').notNull().default(sql`now()`)
  },
  (table) => [
    primaryKey({ name: 'idempotency_keys_pkey', columns: [table.scope, table.key] }),
    index('idempotency_keys_age').on(table.createdAt)
  ]
)
