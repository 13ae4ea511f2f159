import { useLocation, useRoute } from 'preact-iso/router'
import { ownZone } from '#dashboard/core/format.ts'
import { toSearch } from '#dashboard/core/search.ts'
import { type Period, readPeriod, writePeriod } from './period.ts'

/** The period in the address of the page, and a way to change it. */
export function usePeriod(): [Period, (next: Period) => void] {
  // Those of this page: the location may already be that of the next one, whose part is loading.
  const { query, path } = useRoute()
  const { route } = useLocation()
  return [readPeriod(query, ownZone), (next) => route(path + toSearch(writePeriod(next, ownZone)), true)]
}
