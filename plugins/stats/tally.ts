/**
 * Adding up clicks before they go to the database: a batch of thousands touches a few hundred rows. Each click is
 * counted for its link and for all links together.
 */

/** A click that was stored just now, as `app.events.onClicks` tells it. */
export interface CountedClick {
  urlId: number
  at: Date
  isBot: boolean
  /** The hash that names a visitor within a day; null when nobody could make one. */
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

/** One person on one day at one link. */
export interface Visit {
  urlId: number
  /** Start of the day, milliseconds since the epoch. */
  day: number
  visitor: bigint
}

/** The id under which all links are counted together: no link has it. */
export const ALL_URLS = 0

export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

/** Clicks by link and UTC period of `periodMs`. */
export function countBy(clicks: readonly CountedClick[], periodMs: number): Count[] {
  const periods = new Map<number, Map<number, Count>>()
  for (const { urlId, at, isBot } of clicks) {
    const start = startOf(at, periodMs)
    let counts = periods.get(start)
    if (counts === undefined) {
      counts = new Map()
      periods.set(start, counts)
    }
    for (const id of [urlId, ALL_URLS]) {
      let count = counts.get(id)
      if (count === undefined) {
        count = { urlId: id, start, clicks: 0, bots: 0 }
        counts.set(id, count)
      }
      count.clicks++
      if (isBot) count.bots++
    }
  }
  return [...periods.values()].flatMap((counts) => [...counts.values()])
}

/** Who visited what, each once a day and link, bots left out. Only of days that `isOpen` says are still counted. */
export function listVisits(clicks: readonly CountedClick[], isOpen: (day: number) => boolean): Visit[] {
  const visits: Visit[] = []
  const seen = new Set<string>()
  for (const { urlId, at, isBot, visitor } of clicks) {
    if (isBot || visitor === null || !NAME.test(visitor)) continue
    const day = startOf(at, DAY_MS)
    if (!isOpen(day)) continue
    for (const id of [urlId, ALL_URLS]) {
      const key = `${day} ${id} ${visitor}`
      if (seen.has(key)) continue
      seen.add(key)
      visits.push({ urlId: id, day, visitor: BigInt(`0x${visitor}`) })
    }
  }
  return visits
}

/** 60 bits in hexadecimal, which fit a bigint. Anything else is not ours and must not stop the click from counting. */
const NAME = /^[0-9a-f]{1,15}$/

function startOf(at: Date, periodMs: number): number {
  return Math.floor(at.getTime() / periodMs) * periodMs
}
