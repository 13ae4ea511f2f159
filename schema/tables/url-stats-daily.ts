import { type SQL, sql } from 'drizzle-orm'
import { bigint, date, index, pgTable, primaryKey, smallint } from 'drizzle-orm/pg-core'

/**
 * Clicks by link and UTC day, besides the hours, so that ranges of months read few rows. `visitors` counts
 * the day's visitors without bots. A visitor on two days counts twice, since nothing links the days (see
 * visitor-salts.ts). Rows with `url_id` 0 count all links together, and a visitor once for all of them.
 *
 * `magnitude` is the number of clicks in logarithmic steps, four per power of ten. The index of the most
 * clicked links uses it instead of `clicks`. An update that changes no indexed column touches no index
 * (PostgreSQL manual, "Heap-Only Tuples").
 */
export const urlStatsDaily = pgTable(
  'url_stats_daily',
  {
    urlId: bigint('url_id', { mode: 'number' }).notNull(),
    day: date({ mode: 'string' }).notNull(),
    clicks: bigint({ mode: 'number' }).notNull().default(0),
    bots: bigint({ mode: 'number' }).notNull().default(0),
    visitors: bigint({ mode: 'number' }).notNull().default(0),
    magnitude: smallint().generatedAlwaysAs(
      (): SQL => sql`floor(4 * log(greatest(${urlStatsDaily.clicks}, 1)::double precision))::smallint`
    )
  },
  (table) => [
    primaryKey({ name: 'url_stats_daily_pkey', columns: [table.urlId, table.day] }),
    // The most clicked links of a day are at its end.
    index('url_stats_daily_top').on(table.day, table.magnitude, table.urlId)
  ]
)
