import { type Caller, type OwnerFilter, ownerFilterOf } from '#platform/access/caller.ts'
import { shareRuns } from '#platform/async/share-runs.ts'
import type { Database, Executor } from '#platform/database/index.ts'
import type { MaintenanceReport } from '#platform/database/maintenance.ts'
import type { FreshMark } from '#platform/database/read-replica.ts'
import { parseWireTime } from '#platform/http/wire-time.ts'
import type { OverallStats, StatsQuery, UrlStats } from '#schema/shapes/stats.ts'
import { wireTime } from '#schema/shapes/text.ts'
import { ALL_URLS, DAY_MS } from './aggregate.ts'
import { cutBuckets, firstOf, isTimeZone, startOfDay, type Unit } from './buckets.ts'
import { rangeReversed, rangeTooLong, timeTooEarly, zoneUnknown } from './errors.ts'
import { maintain } from './service-maintenance.ts'
import { createSaltKeeper } from './service-salts.ts'
import { listTop, type StatsOf, sumDays, sumHours, type TopUrl } from './store.ts'

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

  async function read(on: Executor, of: StatsOf, { unit, tz, bounds }: Range) {
    // UTC days have rollups. Days of other zones are sums of hours; only their visitors come from UTC days.
    const isWholeDays = bounds.every((bound) => bound % DAY_MS === 0)
    const days = unit === 'hour' ? null : await sumDays(on, of, bounds)
    const counts = isWholeDays && days !== null ? days : await sumHours(on, of, bounds)
    const countAt = new Map(counts.map((sum) => [sum.place, sum]))
    const visitorsAt = days && new Map(days.map(({ place, visitors }) => [place, visitors]))
    const series = bounds.slice(0, -1).map((start, place) => ({
      start: wireTime(new Date(start)),
      clicks: countAt.get(place)?.clicks ?? 0,
      bots: countAt.get(place)?.bots ?? 0,
      ...(visitorsAt !== null && { visitors: visitorsAt.get(place) ?? 0 })
    }))
    const add = (of: (bucket: (typeof series)[number]) => number) =>
      series.reduce((sum, bucket) => sum + of(bucket), 0)
    return {
      from: wireTime(new Date(bounds[0] ?? 0)),
      to: wireTime(new Date((bounds.at(-1) ?? 0) - 1_000)),
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
    return share(JSON.stringify([String(mark?.lsn ?? mark), ownerFilter, range]), () =>
      database.readFresh(mark, async (on) => ({
        counted: await read(on, of, range),
        top: await listTop(on, wholeDays(range.bounds), top)
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

/** The range of a query. `bounds`: see {@link cutBuckets}. */
interface Range {
  unit: Unit
  tz: string
  bounds: number[]
}

function readRange({ from, to, unit = 'day', tz = 'UTC' }: StatsQuery, now: number): Range {
  if (!isTimeZone(tz)) throw zoneUnknown(tz)
  const end = to === undefined ? now : readTime('to', to, tz)
  const start = from === undefined ? firstOf(DEFAULT_BUCKETS, end, unit, tz) : readTime('from', from, tz)
  if (start > end) throw rangeReversed()
  const bounds = cutBuckets(start, end, unit, tz, MAX_BUCKETS)
  if (bounds === null) throw rangeTooLong(MAX_BUCKETS)
  return { unit, tz, bounds }
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
