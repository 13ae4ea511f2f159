import type { VisitOutcome } from './contract.ts'
import type { UrlService } from './service.ts'
import type { Parts } from './service-parts.ts'
import { visitsLeftOf } from './state.ts'
import { lockUrls } from './store-bulk.ts'
import { addVisits } from './store-visits.ts'

/** Visits of links with a limit: docs/adr/2026-12-01-visits-counted-by-the-database.md. */
export function createVisits({
  database,
  events,
  forgetAfterCommit
}: Parts): Pick<UrlService, 'spendVisits'> {
  const { db } = database
  return {
    spendVisits: (clicks) =>
      database.transaction(async () => {
        const ids = [...new Set(clicks.map(({ urlId }) => urlId))]
        const active = (await lockUrls(db, ids, 'all')).filter(({ isActive }) => isActive)
        const left = new Map(active.map((row) => [row.id, visitsLeftOf(row) ?? Infinity]))
        const wanted = clicks.filter(({ urlId }) => left.has(urlId))
        const { stored, added } = await events.storeWithin(wanted, left)
        const limited = active.flatMap(({ id, maxVisits }) => {
          const count = added.get(id)
          return maxVisits === null || count === undefined ? [] : [{ id, count }]
        })
        const usedUp = (await addVisits(db, limited)).filter((row) => visitsLeftOf(row) === 0)
        await forgetAfterCommit(usedUp)
        return clicks.map(({ id, urlId }): VisitOutcome => {
          if (!left.has(urlId)) return 'unknown'
          return stored.has(id) ? 'given' : 'used_up'
        })
      })
  }
}
