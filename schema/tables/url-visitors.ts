import { bigint, date, pgTable, primaryKey } from 'drizzle-orm/pg-core'

/**
 * Visitors counted today: hashes with the salt of the day, never addresses. The table is partitioned by day
 * (see the migration). A day's partition is dropped when no more clicks of that day can arrive.
 */
export const urlVisitors = pgTable(
  'url_visitors',
  {
    day: date({ mode: 'string' }).notNull(),
    urlId: bigint('url_id', { mode: 'number' }).notNull(),
    visitor: bigint({ mode: 'bigint' }).notNull()
  },
  (table) => [primaryKey({ name: 'url_visitors_pkey', columns: [table.day, table.urlId, table.visitor] })]
)
