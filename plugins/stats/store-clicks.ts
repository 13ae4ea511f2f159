import { sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import { columnOf } from '#platform/database/sql-column.ts'
import { urlStatsDaily } from '#schema/tables/url-stats-daily.ts'
import { urlStatsHourly } from '#schema/tables/url-stats-hourly.ts'
import { urlVisitors } from '#schema/tables/url-visitors.ts'
import { type Count, DAY_MS, type Visit } from './aggregate.ts'

/**
 * The SQL that counts clicks. Consumers count the same hot links concurrently. Every statement locks its rows
 * in one order, and every transaction runs the statements in one order. So transactions wait for one another
 * and never deadlock.
 */

/**
 * Creates the partitions for the visitors of days, given as 2025-06-04. Costs almost nothing if they exist.
 */
export async function ensureVisitorsPartitions(on: Executor, days: string[]): Promise<void> {
  await on.execute(sql`select ensure_visitors_partition(day) from unnest(${sql.param(days)}::date[]) as day`)
}

/** Stores visitors. Returns how many are new, by link and day (its start in milliseconds). */
export async function insertVisits(
  on: Executor,
  visits: readonly Visit[]
): Promise<{ urlId: number; start: number; visitors: number }[]> {
  const { rows } = await on.execute<{ url_id: string; start: string; visitors: string }>(sql`
    with fresh as (
      insert into ${urlVisitors} (day, url_id, visitor)
      select date '1970-01-01' + number, url_id, ('x' || lpad(visitor, 16, '0'))::bit(64)::bigint
      from unnest(
        ${columnOf(visits, ({ day }) => day / DAY_MS)}::int[],
        ${columnOf(visits, ({ urlId }) => urlId)}::bigint[],
        ${columnOf(visits, ({ visitor }) => visitor)}::text[]
      ) as visit(number, url_id, visitor)
      order by 1, 2 desc, 3
      on conflict do nothing
      returning day, url_id
    )
    select url_id, extract(epoch from day)::bigint * 1000 as start, count(*) as visitors
    from fresh group by day, url_id`)
  return rows.map(({ url_id, start, visitors }) => ({
    urlId: Number(url_id),
    start: Number(start),
    visitors: Number(visitors)
  }))
}

export async function addToHours(on: Executor, counts: readonly Count[]): Promise<void> {
  await on.execute(sql`
    insert into ${urlStatsHourly} as t (url_id, hour, clicks, bots)
    select url_id, to_timestamp(start / 1000), clicks, bots
    from unnest(
      ${columnOf(counts, ({ urlId }) => urlId)}::bigint[],
      ${columnOf(counts, ({ start }) => start)}::bigint[],
      ${columnOf(counts, ({ clicks }) => clicks)}::bigint[],
      ${columnOf(counts, ({ bots }) => bots)}::bigint[]
    ) as count(url_id, start, clicks, bots)
    order by 1, 2
    on conflict (url_id, hour) do update set clicks = t.clicks + excluded.clicks, bots = t.bots + excluded.bots`)
}

export async function addToDays(
  on: Executor,
  counts: readonly (Count & { visitors: number })[]
): Promise<void> {
  await on.execute(sql`
    insert into ${urlStatsDaily} as t (url_id, day, clicks, bots, visitors)
    select url_id, (to_timestamp(start / 1000) at time zone 'UTC')::date, clicks, bots, visitors
    from unnest(
      ${columnOf(counts, ({ urlId }) => urlId)}::bigint[],
      ${columnOf(counts, ({ start }) => start)}::bigint[],
      ${columnOf(counts, ({ clicks }) => clicks)}::bigint[],
      ${columnOf(counts, ({ bots }) => bots)}::bigint[],
      ${columnOf(counts, ({ visitors }) => visitors)}::bigint[]
    ) as count(url_id, start, clicks, bots, visitors)
    order by 1, 2
    on conflict (url_id, day) do update set clicks = t.clicks + excluded.clicks, bots = t.bots + excluded.bots,
      visitors = t.visitors + excluded.visitors`)
}
