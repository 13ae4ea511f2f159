import { and, asc, desc, eq, gte, isNull, lt, ne, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { OwnerFilter } from '#platform/access/caller.ts'
import type { Executor } from '#platform/database/index.ts'
import { prepareQuery } from '#platform/database/prepared.ts'
import { formatInstant } from '#schema/tables/instant.ts'
import { urlStatsDaily } from '#schema/tables/url-stats-daily.ts'
import { urlStatsHourly } from '#schema/tables/url-stats-hourly.ts'
import { urls } from '#schema/tables/urls.ts'

/**
 * The SQL that reads statistics. It reads rollups only, so the cost depends on the range and not on the
 * clicks.
 */

/** A period of buckets, as the statements take it. */
export interface Period {
  /** The starts of the buckets, as an array of PostgreSQL: one text costs less than a list of them. */
  starts: string
  first: string
  end: string
  /** The days whose noon is in the period, without the last one. */
  firstDay: string
  endDay: string
}

/** Returns the period of `bounds`, see cutBuckets. */
export function periodOf(bounds: readonly number[]): Period {
  const instants = bounds.map((bound) => formatInstant(new Date(bound)))
  const dayOf = (time = 0) => formatInstant(new Date(time + 43_200_000 - 1)).split('T', 1)[0] ?? ''
  return {
    starts: `{${instants.slice(0, -1)}}`,
    first: instants[0] ?? '',
    end: instants.at(-1) ?? '',
    firstDay: dayOf(bounds[0]),
    endDay: dayOf(bounds.at(-1))
  }
}

/** The sums of one bucket. `place` is its index, from 0. */
export interface BucketSum {
  place: number
  clicks: number
  bots: number
  visitors: number
}

/**
 * Which counts to read: those of a link (0: of all together), or of all links of a user, even deleted ones.
 */
export type StatsOf = number | { owner: number }

/** Part of the shape of a statement: the counts of one link, or of all links of a user. */
const shapeOf = (of: StatsOf) => (typeof of === 'number' ? 'url' : 'owner')

const valuesOf = (of: StatsOf) => (typeof of === 'number' ? { url: of } : of)

function countedOf(column: PgColumn, shape: string): SQL {
  if (shape === 'url') return eq(column, sql.placeholder('url'))
  return sql`${column} in (select ${urls.id} from ${urls} where ${urls.userId} = ${sql.placeholder('owner')})`
}

const hourSums = prepareQuery<{ sums: BucketSum[] }[]>('sum_hours', (on, shape) => {
  const { hour, clicks, bots } = urlStatsHourly
  const within = [gte(hour, sql.placeholder('first')), lt(hour, sql.placeholder('end'))]
  const sums = on
    .select({ place: placeOf(sql`${hour}`), clicks: total(clicks), bots: total(bots), visitors: zero })
    .from(urlStatsHourly)
    .where(and(countedOf(urlStatsHourly.urlId, shape), ...within))
    .groupBy(sql`1`)
    .as('sums')
  return on.select({ sums: inOneRow }).from(sums)
})

/** Sums a link's hours by bucket. Leaves out empty buckets. */
export async function sumHours(on: Executor, of: StatsOf, period: Period): Promise<BucketSum[]> {
  const [row] = await hourSums(on, { ...valuesOf(of), ...period }, shapeOf(of))
  return row?.sums ?? []
}

const daySums = prepareQuery<{ sums: BucketSum[] }[]>('sum_days', (on, shape) => {
  const { day, clicks, bots, visitors } = urlStatsDaily
  const noon = sql`((${day} + time '12:00') at time zone 'UTC')`
  const sums = on
    .select({ place: placeOf(noon), clicks: total(clicks), bots: total(bots), visitors: total(visitors) })
    .from(urlStatsDaily)
    .where(and(countedOf(urlStatsDaily.urlId, shape), ...noonWithin()))
    .groupBy(sql`1`)
    .as('sums')
  return on.select({ sums: inOneRow }).from(sums)
})

/** Sums a link's UTC days by bucket. A day belongs to the bucket that contains its noon. */
export async function sumDays(on: Executor, of: StatsOf, period: Period): Promise<BucketSum[]> {
  const [row] = await daySums(on, { ...valuesOf(of), ...period }, shapeOf(of))
  return row?.sums ?? []
}

export interface TopUrl {
  urlId: number
  shortCode: string
  originalUrl: string
  title: string | null
  clicks: number
}

export interface TopLimits {
  perDay: number
  candidates: number
  limit: number
}

const topUrls = prepareQuery<TopUrl[]>('top_urls', (on, shape) => {
  const ofUser = shape === 'all' ? undefined : countedOf(urlStatsDaily.urlId, 'owner')
  const days = on
    .select({ day: urlStatsDaily.day })
    .from(urlStatsDaily)
    .where(and(eq(urlStatsDaily.urlId, 0), ...noonWithin()))
    .as('days')
  const best = on
    .select({ urlId: urlStatsDaily.urlId, magnitude: urlStatsDaily.magnitude })
    .from(urlStatsDaily)
    .where(and(eq(urlStatsDaily.day, days.day), ne(urlStatsDaily.urlId, 0), ofUser))
    .orderBy(desc(urlStatsDaily.magnitude), desc(urlStatsDaily.urlId))
    .limit(sql.placeholder('perDay'))
    .as('best')
  const ranked = on
    .select({
      urlId: best.urlId,
      rank: sql<number>`sum(power(10, ${best.magnitude} / 4.0::double precision))`.as('rank')
    })
    .from(days)
    .innerJoinLateral(best, sql`true`)
    .groupBy(best.urlId)
    .orderBy(desc(sql`rank`))
    .as('ranked')
  const { id, shortCode, originalUrl, title } = urls
  const candidates = on
    .select({ id, shortCode, originalUrl, title })
    .from(ranked)
    .innerJoin(urls, and(eq(id, ranked.urlId), isNull(urls.deletedAt)))
    .orderBy(desc(ranked.rank))
    .limit(sql.placeholder('candidates'))
    .as('candidates')
  const shown = {
    urlId: candidates.id,
    shortCode: candidates.shortCode,
    originalUrl: candidates.originalUrl,
    title: candidates.title
  }
  return on
    .select({ ...shown, clicks: total(urlStatsDaily.clicks) })
    .from(candidates)
    .innerJoin(urlStatsDaily, and(eq(urlStatsDaily.urlId, candidates.id), ...noonWithin()))
    .groupBy(...Object.values(shown))
    .orderBy(desc(sql`sum(${urlStatsDaily.clicks})`), asc(candidates.id))
    .limit(sql.placeholder('most'))
})

/**
 * Returns the `limit` most clicked links of the days whose noon is in the range, without deleted ones.
 * The first `perDay` of each day by magnitude are ranked by the sum of these, which an index has. Only the
 * first `candidates` of them are added up, from the table. A link that is never among the first of a day has
 * `perDay` others before it on each day, with as many clicks or at least half as many.
 */
export function listTop(
  on: Executor,
  period: Period,
  { ownerFilter: owner, limit, ...limits }: TopLimits & { ownerFilter: OwnerFilter }
): Promise<TopUrl[]> {
  const values = { owner, most: limit, ...limits, ...period }
  return topUrls(on, values, owner === 'all' ? 'all' : 'owner')
}

/** All sums as one JSON text: its numbers cost less than rows of texts. */
const inOneRow = sql<BucketSum[]>`json_agg(sums)`.as('sums')

const zero = sql<number>`0`.as('visitors')

function total(column: PgColumn): SQL.Aliased<number> {
  return sql<number>`sum(${column})::bigint`.mapWith(Number).as(column.name)
}

/** Returns the index of the bucket that contains `time`: the last one that starts before it. */
function placeOf(time: SQL): SQL.Aliased<number> {
  return sql<number>`width_bucket(${time}, ${sql.placeholder('starts')}::timestamptz[]) - 1`.as('place')
}

/** Selects the days from `firstDay` to before `endDay`, in a form that the index supports. */
function noonWithin(): SQL[] {
  const { day } = urlStatsDaily
  return [gte(day, sql.placeholder('firstDay')), lt(day, sql.placeholder('endDay'))]
}
