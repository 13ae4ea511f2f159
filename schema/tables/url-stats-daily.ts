import { type SQL, sql } from 'drizzle-orm'
import { bigint, date, index, pgTable, primaryKey, smallint } from 'drizzle-orm/pg-core'

/**
 * Clicks by link and UTC day, beside the hours: ranges of months read few rows. `visitors` counts people of that day
 * who are no bots; the same person on two days is two, since nothing links the days (see visitor-salts.ts).
 * The rows with `url_id` 0 count all links together, and a person once however many links it followed.
 *
 * `magnitude` is how many clicks there are, four steps to a power of ten. The index of the most clicked links is on it and not on
 * `clicks`: where no indexed column changes, counting up touches no index (PostgreSQL manual, "Heap-Only Tuples").
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
    // The most clicked links of a day are read from its end.
    index('url_stats_daily_top').on(table.day, table.magnitude, table.urlId)
  ]
)
