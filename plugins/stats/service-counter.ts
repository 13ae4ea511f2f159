import type { Executor } from '#platform/database/index.ts'
import { ALL_URLS, type CountedClick, countHours, DAY_MS, listVisits, sumDays } from './aggregate.ts'
import { addToDays, addToHours, ensureVisitorsPartitions, insertVisits } from './store-clicks.ts'

/** Days around today whose visitors still count: clicks wait in streams for a while, and clocks differ. */
const OPEN_DAYS = 1

/**
 * Creates the counter of clicks, which runs in the transaction that stores them. Pass each stored click once;
 * the insert of its event decides whether it is new. A click from a disk log may arrive days late. It then
 * counts without a visitor, because the visitors of its day are deleted.
 */
export function createClickCounter(db: Executor, now: () => number) {
  function isOpen(day: number): boolean {
    return Math.abs(day - Math.floor(now() / DAY_MS) * DAY_MS) <= OPEN_DAYS * DAY_MS
  }

  async function countVisitors(clicks: readonly CountedClick[]): Promise<Map<string, number>> {
    const visits = listVisits(clicks, isOpen)
    if (visits.length === 0) return new Map()
    const days = new Set(visits.map(({ day }) => new Date(day).toISOString().slice(0, 10)))
    await ensureVisitorsPartitions(db, [...days].sort())
    const fresh = await insertVisits(db, visits)
    return new Map(fresh.map(({ urlId, start, visitors }) => [`${urlId} ${start}`, visitors]))
  }

  return async function count(clicks: readonly CountedClick[]): Promise<void> {
    const visitors = await countVisitors(clicks)
    const hours = countHours(clicks)
    const days = sumDays(hours).map((day) => ({
      ...day,
      visitors: visitors.get(`${day.urlId} ${day.start}`) ?? 0
    }))
    // Every transaction updates the rows of all links. These come last, so that others wait only for a
    // commit.
    for (const wanted of [isOfOne, isOfAll]) {
      await addToHours(db, hours.filter(wanted))
      await addToDays(db, days.filter(wanted))
    }
  }
}

const isOfAll = ({ urlId }: { urlId: number }) => urlId === ALL_URLS
const isOfOne = ({ urlId }: { urlId: number }) => urlId !== ALL_URLS
