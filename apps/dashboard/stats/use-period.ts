import { useLocation, useRoute } from 'preact-iso/router'
import { toSearch } from '#dashboard/core/search.ts'
import { zone } from '#dashboard/core/zone.ts'
import { type Period, readPeriod, writePeriod } from './period.ts'

/** The period in the address of the page, and a way to change it. */
export function usePeriod(): [Period, (next: Period) => void] {
  // Those of this page: the location may already be that of the next one, whose part is loading.
  const { query, path } = useRoute()
  const { route } = useLocation()
  const own = zone.value
  return [readPeriod(query, own), (next) => route(path + toSearch(writePeriod(next, own)), true)]
}
