/**
 * Adds up clicks before they go to the database: a batch of thousands touches a few hundred rows. Each click
 * counts for its link and for all links together.
 */

/** A click that was just stored, as passed to `app.events.onClicks`. */
export interface CountedClick {
  urlId: number
  at: Date
  isBot: boolean
  /** The hash that names a visitor within a day; null without a salt. */
  visitor: string | null
}

/** Clicks of one link in one period. */
export interface Count {
  urlId: number
  /** Start of the hour or day, milliseconds since the epoch. */
  start: number
  clicks: number
  bots: number
}

/** One visitor on one day at one link. */
export interface Visit {
  urlId: number
  /** Start of the day, milliseconds since the epoch. */
  day: number
  /** Up to 60 bits, in hexadecimal. */
  visitor: string
}

/** The id under which all links count together. No link has it. */
export const ALL_URLS = 0

export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

/** Clicks by link and UTC hour. */
export function countHours(clicks: readonly CountedClick[]): Count[] {
  const sum = createSum()
  for (const { urlId, at, isBot } of clicks) {
    const start = startOf(at, HOUR_MS)
    const bots = isBot ? 1 : 0
    sum.add(urlId, start, 1, bots)
    sum.add(ALL_URLS, start, 1, bots)
  }
  return sum.counts
}

/** Clicks by link and UTC day. */
export function sumDays(hours: readonly Count[]): Count[] {
  const sum = createSum()
  for (const { urlId, start, clicks, bots } of hours)
    sum.add(urlId, Math.floor(start / DAY_MS) * DAY_MS, clicks, bots)
  return sum.counts
}

function createSum() {
  const counts: Count[] = []
  const periods = new Map<number, Map<number, Count>>()
  return {
    counts,
    add(urlId: number, start: number, clicks: number, bots: number): void {
      let period = periods.get(start)
      if (period === undefined) {
        period = new Map()
        periods.set(start, period)
      }
      let count = period.get(urlId)
      if (count === undefined) {
        count = { urlId, start, clicks: 0, bots: 0 }
        period.set(urlId, count)
        counts.push(count)
      }
      count.clicks += clicks
      count.bots += bots
    }
  }
}

/** Returns each visitor once per day and link, without bots. Leaves out days that `isOpen` excludes. */
export function listVisits(clicks: readonly CountedClick[], isOpen: (day: number) => boolean): Visit[] {
  const visits: Visit[] = []
  const days = new Map<number, Set<string>>()
  for (const { urlId, at, isBot, visitor } of clicks) {
    if (isBot || visitor === null || !NAME.test(visitor)) continue
    const day = startOf(at, DAY_MS)
    let seen = days.get(day)
    if (seen === undefined) {
      if (!isOpen(day)) continue
      seen = new Set()
      days.set(day, seen)
    }
    const key = `${visitor} ${urlId}`
    if (seen.has(key)) continue
    seen.add(key)
    visits.push({ urlId, day, visitor })
    if (seen.has(visitor)) continue
    seen.add(visitor)
    visits.push({ urlId: ALL_URLS, day, visitor })
  }
  return visits
}

/**
 * 60 bits in hexadecimal, which fit a bigint. A click with any other name still counts, without a visitor.
 */
const NAME = /^[0-9a-f]{1,15}$/

function startOf(at: Date, periodMs: number): number {
  return Math.floor(at.getTime() / periodMs) * periodMs
}
