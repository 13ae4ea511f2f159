import { bigint, pgTable, primaryKey } from 'drizzle-orm/pg-core'
import { instant } from './instant.ts'

/**
 * Clicks by link and UTC hour, counted in the transaction that stores them, so that statistics never read
 * events. `clicks` includes `bots`. Rows with `url_id` 0 count all links together. A deleted link keeps its
 * rows and its events.
 */
export const urlStatsHourly = pgTable(
  'url_stats_hourly',
  {
    urlId: bigint('url_id', { mode: 'number' }).notNull(),
    hour: instant({ precision: 0 }).notNull(),
    clicks: bigint({ mode: 'number' }).notNull().default(0),
    bots: bigint({ mode: 'number' }).notNull().default(0)
  },
  (table) => [primaryKey({ name: 'url_stats_hourly_pkey', columns: [table.urlId, table.hour] })]
)
