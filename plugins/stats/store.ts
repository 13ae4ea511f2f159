import { and, asc, desc, eq, gte, isNull, lt, ne, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { OwnerFilter } from '#platform/access/caller.ts'
import type { Executor } from '#platform/database/index.ts'
import { formatInstant } from '#schema/tables/instant.ts'
import { urlStatsDaily } from '#schema/tables/url-stats-daily.ts'
import { urlStatsHourly } from '#schema/tables/url-stats-hourly.ts'
import { urls } from '#schema/tables/urls.ts'

/** The SQL that reads statistics: rollups only, so what it costs depends on the range and not on the clicks. */

/** Sums of one bucket. `place` is its index, from 0. */
export interface BucketSum {
  place: number
  clicks: number
  bots: number
  visitors: number
}

/** Whose counts are read: those of a link (0: of all together), or of all links of a user, deleted ones too. */
export type StatsOf = number | { owner: number }

function countedOf(column: PgColumn, of: StatsOf): SQL {
  if (typeof of === 'number') return eq(column, of)
  return sql`${column} in (select ${urls.id} from ${urls} where ${urls.userId} = ${of.owner})`
}

/** Sums by bucket from the hours of a link. `bounds`: see cutBuckets; empty buckets are left out. */
export async function sumHours(on: Executor, of: StatsOf, bounds: readonly number[]): Promise<BucketSum[]> {
  const { hour, clicks, bots } = urlStatsHourly
  const [first, end] = ends(bounds)
  return on
    .select({
      place: placeOf(sql`${hour}`, bounds),
      clicks: total(clicks),
      bots: total(bots),
      visitors: zero
    })
    .from(urlStatsHourly)
    .where(and(countedOf(urlStatsHourly.urlId, of), gte(hour, first), lt(hour, end)))
    .groupBy(sql`1`)
    .orderBy(asc(sql`1`))
}

/** Sums by bucket from the UTC days of a link. A day belongs to the bucket that holds its noon. */
export async function sumDays(on: Executor, of: StatsOf, bounds: readonly number[]): Promise<BucketSum[]> {
  const { day, clicks, bots, visitors } = urlStatsDaily
  const noon = sql`((${day} + time '12:00') at time zone 'UTC')`
  return on
    .select({
      place: placeOf(noon, bounds),
      clicks: total(clicks),
      bots: total(bots),
      visitors: total(visitors)
    })
    .from(urlStatsDaily)
    .where(and(countedOf(urlStatsDaily.urlId, of), ...noonWithin(bounds)))
    .groupBy(sql`1`)
    .orderBy(asc(sql`1`))
}

export interface TopUrl {
  urlId: number
  shortCode: string
  originalUrl: string
  title: string | null
  clicks: number
}

/**
 * The `limit` most clicked links of the days whose noon lies within, deleted ones left out. Candidates are the
 * `perDay` first of each day by magnitude, so that millions of links need not be added up: their sums are exact, and one
 * that was among them on no day could only be missing here if each day so many others had as many clicks, or half as many.
 */
export async function listTop(
  on: Executor,
  bounds: readonly number[],
  { perDay, limit, ownerFilter }: { perDay: number; limit: number; ownerFilter: OwnerFilter }
): Promise<TopUrl[]> {
  const ofUser = ownerFilter === 'all' ? undefined : countedOf(urlStatsDaily.urlId, { owner: ownerFilter })
  const days = on
    .select({ day: urlStatsDaily.day })
    .from(urlStatsDaily)
    .where(and(eq(urlStatsDaily.urlId, 0), ...noonWithin(bounds)))
    .as('days')
  const best = on
    .select({ urlId: urlStatsDaily.urlId, clicks: urlStatsDaily.clicks })
    .from(urlStatsDaily)
    .where(and(eq(urlStatsDaily.day, days.day), ne(urlStatsDaily.urlId, 0), ofUser))
    .orderBy(desc(urlStatsDaily.magnitude), desc(urlStatsDaily.urlId))
    .limit(perDay)
    .as('best')
  const candidates = on
    .select({ urlId: best.urlId })
    .from(days)
    .innerJoinLateral(best, sql`true`)
    .groupBy(best.urlId)
    .orderBy(desc(sql`sum(${best.clicks})`))
    .limit(perDay)
    .as('candidates')
  const clicks = total(urlStatsDaily.clicks)
  return on
    .select({
      urlId: urls.id,
      shortCode: urls.shortCode,
      originalUrl: urls.originalUrl,
      title: urls.title,
      clicks
    })
    .from(candidates)
    .innerJoin(urls, and(eq(urls.id, candidates.urlId), isNull(urls.deletedAt)))
    .innerJoin(urlStatsDaily, and(eq(urlStatsDaily.urlId, urls.id), ...noonWithin(bounds)))
    .groupBy(urls.id)
    .orderBy(desc(sql`sum(${urlStatsDaily.clicks})`), asc(urls.id))
    .limit(limit)
}

const zero = sql<number>`0::bigint`.mapWith(Number)

function total(column: PgColumn): SQL<number> {
  return sql<number>`sum(${column})::bigint`.mapWith(Number)
}

function placeOf(time: SQL, bounds: readonly number[]): SQL<number> {
  const starts = bounds.slice(0, -1).map((bound) => formatInstant(new Date(bound)))
  return sql<number>`width_bucket(${time}, ${sql.param(starts)}::timestamptz[]) - 1`.mapWith(Number)
}

function ends(bounds: readonly number[]): [Date, Date] {
  return [new Date(bounds[0] ?? 0), new Date(bounds.at(-1) ?? 0)]
}

/** The days whose noon lies from the first of `bounds` up to the last, in terms that the index understands. */
function noonWithin(bounds: readonly number[]): SQL[] {
  const [first, last] = ends(bounds).map((end) => new Date(end.getTime() + 43_200_000 - 1))
  const dayOf = (time: Date | undefined) => formatInstant(time ?? new Date(0)).split('T', 1)[0] ?? ''
  return [gte(urlStatsDaily.day, dayOf(first)), lt(urlStatsDaily.day, dayOf(last))]
}
