import { bigint, date, pgTable, primaryKey } from 'drizzle-orm/pg-core'

/**
 * Who has already been counted today: hashes with the salt of the day, never addresses. Partitioned by day (see the
 * migration); a day's partition is dropped when no click of that day can still come.
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
