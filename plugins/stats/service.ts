import { type Caller, type OwnerFilter, ownerFilterOf } from '#platform/access/caller.ts'
import { createBoundedCache } from '#platform/async/bounded-cache.ts'
import { shareRuns } from '#platform/async/share-runs.ts'
import type { Database, Executor } from '#platform/database/index.ts'
import type { MaintenanceReport } from '#platform/database/maintenance.ts'
import type { FreshMark } from '#platform/database/read-replica.ts'
import { parseWireTime } from '#platform/http/wire-time.ts'
import type { OverallStats, StatsQuery, UrlStats } from '#schema/shapes/stats.ts'
import { wireTime } from '#schema/shapes/text.ts'
import { ALL_URLS, DAY_MS, HOUR_MS } from './aggregate.ts'
import { cutBuckets, firstOf, isTimeZone, startOfDay, type Unit } from './buckets.ts'
import { rangeReversed, rangeTooLong, timeTooEarly, zoneUnknown } from './errors.ts'
import { maintain } from './service-maintenance.ts'
import { createSaltKeeper } from './service-salts.ts'
import { listTop, type Period, periodOf, type StatsOf, sumDays, sumHours, type TopUrl } from './store.ts'

/** `app.stats`: how often links were followed. Reads rollups, never events. */
export interface StatsService {
  /**
   * Returns the statistics of one link, with zeros for buckets without clicks. Throws URL_UNKNOWN,
   * INPUT_INVALID.
   */
  forUrl(caller: Caller, urlId: number, query: StatsQuery, mark: FreshMark): Promise<UrlStats>
  /** Returns the sum over all links that the caller may see, even deleted ones. Throws INPUT_INVALID. */
  overall(caller: Caller, query: StatsQuery, mark: FreshMark): Promise<OverallStats>
  /** Returns today's salt of visitor names (UTC), the same in all replicas; null until it is fetched. */
  currentSalt(): Buffer | null
  /** Fetches the salts of now and soon. The plugin calls it every minute. */
  refreshSalt(): Promise<void>
  /** Deletes expired visitors and salts. The plugin schedules it. See {@link maintain}. */
  maintain(now: number): Promise<MaintenanceReport | null>
}

/** The parts of other capabilities that statistics need. */
export interface StatsCollaborators {
  /** Throws if the link does not exist. */
  findUrl(caller: Caller, id: number): Promise<unknown>
  countUrls(caller: Caller): Promise<number>
  countUsers(caller: Caller): Promise<number>
}

export interface StatsServiceOptions {
  /** Milliseconds since the epoch. */
  now?: () => number
}

/** Maximum buckets per answer. */
export const MAX_BUCKETS = 1_000

const DEFAULT_BUCKETS = 30
/** Enough to span several orders of magnitude. Up to 100 clicked links are compared exactly. */
const TOP_LIMITS = { perDay: 200, candidates: 100, limit: 10 }

export function createStatsService(
  database: Database,
  { findUrl, countUrls, countUsers }: StatsCollaborators,
  { now = Date.now }: StatsServiceOptions = {}
): StatsService {
  const salts = createSaltKeeper(database, now)
  const share = shareRuns<string, Overview>()

  async function read(on: Executor, of: StatsOf, { unit, tz, period, isWholeDays, starts, end }: Range) {
    // UTC days have rollups. Days of other zones are sums of hours; only their visitors come from UTC days.
    const days = unit === 'hour' ? null : await sumDays(on, of, period)
    const counts = isWholeDays && days !== null ? days : await sumHours(on, of, period)
    const countAt = new Map(counts.map((sum) => [sum.place, sum]))
    const visitorsAt = days && new Map(days.map(({ place, visitors }) => [place, visitors]))
    const series = starts.map((start, place) => ({
      start,
      clicks: countAt.get(place)?.clicks ?? 0,
      bots: countAt.get(place)?.bots ?? 0,
      ...(visitorsAt !== null && { visitors: visitorsAt.get(place) ?? 0 })
    }))
    const add = (of: (bucket: (typeof series)[number]) => number) =>
      series.reduce((sum, bucket) => sum + of(bucket), 0)
    return {
      from: starts[0] ?? '',
      to: end,
      unit,
      tz,
      clicks: add(({ clicks }) => clicks),
      bots: add(({ bots }) => bots),
      visitors: visitorsAt === null ? null : add(({ visitors = 0 }) => visitors),
      series
    }
  }

  /** Reads the counts and the most clicked links of an owner. Equal concurrent reads share their queries. */
  function readOverview(mark: FreshMark, ownerFilter: OwnerFilter, range: Range): Promise<Overview> {
    const of = ownerFilter === 'all' ? ALL_URLS : { owner: ownerFilter }
    const top = { ...TOP_LIMITS, ownerFilter }
    return share(`${mark?.lsn ?? mark} ${ownerFilter} ${range.key}`, () =>
      database.readFresh(mark, async (on) => ({
        counted: await read(on, of, range),
        top: await listTop(on, range.wholeDays, top)
      }))
    )
  }

  return {
    async forUrl(caller, urlId, query, mark) {
      const range = readRange(query, now())
      await findUrl(caller, urlId)
      return { url_id: urlId, ...(await database.readFresh(mark, (on) => read(on, urlId, range))) }
    },

    async overall(caller, query, mark) {
      const range = readRange(query, now())
      const [links, users, { counted, top }] = await Promise.all([
        countUrls(caller),
        countUsers(caller),
        readOverview(mark, ownerFilterOf(caller), range)
      ])
      return {
        links,
        users,
        ...counted,
        top: top.map(({ urlId, shortCode, originalUrl, title, clicks }) => ({
          url_id: urlId,
          short_code: shortCode,
          original_url: originalUrl,
          title,
          clicks
        }))
      }
    },

    currentSalt: salts.current,
    refreshSalt: salts.refresh,
    maintain: (time) => maintain(database, time)
  }
}

/** The part of the overall statistics that comes from rollups. */
interface Overview {
  counted: Omit<UrlStats, 'url_id'>
  top: TopUrl[]
}

/** The buckets of a query. */
interface Range {
  /** Equal for equal ranges. */
  key: string
  unit: Unit
  tz: string
  period: Period
  /** The UTC days that it touches. */
  wholeDays: Period
  /** True if each bucket has whole UTC days. */
  isWholeDays: boolean
  /** Wire format; `end` is the last second. */
  starts: string[]
  end: string
}

/** To cut 30 days of a zone takes longer than all else in a request. A range may take 100 KB. */
const ranges = createBoundedCache<Range>('stats-ranges', 50)

function readRange({ from, to, unit = 'day', tz = 'UTC' }: StatsQuery, now: number): Range {
  // Buckets begin with an hour, so all requests of an hour that end now have the same ones.
  const key = `${unit} ${tz} ${from} ${to ?? Math.floor(now / HOUR_MS)}`
  let range = ranges.get(key)
  if (range === undefined) {
    range = { key, ...cutRange({ from, to, unit, tz }, now) }
    ranges.set(key, range)
  }
  return range
}

/** Throws INPUT_INVALID. */
function cutRange(
  { from, to, unit, tz }: { from: string | undefined; to: string | undefined; unit: Unit; tz: string },
  now: number
): Omit<Range, 'key'> {
  if (!isTimeZone(tz)) throw zoneUnknown(tz)
  const end = to === undefined ? now : readTime('to', to, tz)
  const start = from === undefined ? firstOf(DEFAULT_BUCKETS, end, unit, tz) : readTime('from', from, tz)
  if (start > end) throw rangeReversed()
  const bounds = cutBuckets(start, end, unit, tz, MAX_BUCKETS)
  if (bounds === null) throw rangeTooLong(MAX_BUCKETS)
  return {
    unit,
    tz,
    period: periodOf(bounds),
    wholeDays: periodOf(wholeDays(bounds)),
    isWholeDays: bounds.every((bound) => bound % DAY_MS === 0),
    starts: bounds.slice(0, -1).map((start) => wireTime(new Date(start))),
    end: wireTime(new Date((bounds.at(-1) ?? 0) - 1_000))
  }
}

const EARLIEST = Date.UTC(1900, 0, 1)

/** Reads a time. A date alone is a day in the zone: its start, or for `to` its last moment. */
function readTime(path: 'from' | 'to', text: string, tz: string): number {
  const time = parseWireTime(text)?.getTime() ?? 0
  if (time < EARLIEST) throw timeTooEarly(path)
  if (/[T ]/.test(text)) return time
  const date = new Date(time)
  const day = { year: date.getUTCFullYear(), month: date.getUTCMonth(), day: date.getUTCDate() }
  return path === 'from' ? startOfDay(day, tz) : startOfDay({ ...day, day: day.day + 1 }, tz) - 1
}

/** Returns the UTC days that a range touches. */
function wholeDays(bounds: readonly number[]): number[] {
  const first = Math.floor((bounds[0] ?? 0) / DAY_MS)
  const last = Math.ceil((bounds.at(-1) ?? 0) / DAY_MS)
  return [first * DAY_MS, last * DAY_MS]
}
