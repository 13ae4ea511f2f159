import { useEffect, useRef } from 'preact/hooks'
import type { Page } from '#apps/client/operations.ts'
import { api } from '#dashboard/core/api.ts'
import { type CursorList, type ListCall, type Rows, useCursorList } from '#dashboard/core/cursor.ts'
import type { Url } from '#schema/shapes/url.ts'
import type { UrlQuery } from '#schema/shapes/url-query.ts'
import { applyChange, changesSince, hidden, markChanges, type Place, removesUnread } from './changes.ts'
import { useChanges } from './use-changes.ts'

/** Reads of a list whose changes meanwhile need another read. */
const MAX_READS = 3

/** Reads links, and applies the changes that were made while the server answered. */
const readThrough =
  (place: Place): ListCall<Url, UrlQuery> =>
  async (query, options) => {
    for (let reads = 1; ; reads++) {
      const mark = markChanges()
      const page = await api.links.list(query, options)
      // A link that is created while the list grows belongs to the rows before.
      const isFirst = typeof query !== 'string'
      const changed = changesSince(mark).reduce<Page<Url> | null>(
        (last, change) => last && applyChange(last, change, isFirst ? place : { ...place, isFiltered: true }),
        page
      )
      if (changed !== null || !isFirst || reads === MAX_READS) return changed ?? page
    }
  }

/** The links of `query`, with the changes of this page. A return to the page reads them again. */
export function useLinks(query: UrlQuery, place: Place): CursorList<Url> {
  const key = `links ${JSON.stringify(query)}`
  const list = useCursorList<Url, UrlQuery>(key, readThrough(place), query)
  const latest = useRef(list)
  latest.current = list
  useChanges((change) =>
    list.update((data) => {
      const changed = applyChange(data, change, place)
      if (changed === null || removesUnread(data, change)) list.reload()
      return changed ?? data
    })
  )
  useEffect(() => {
    const onVisible = () => {
      const list = latest.current
      // A list of several pages would lose its place.
      if (document.visibilityState === 'visible' && list.data && list.data.rows.length <= 50) list.reload()
    }
    document.addEventListener('visibilitychange', onVisible)
    return () => document.removeEventListener('visibilitychange', onVisible)
  }, [])
  return { ...list, data: list.data && toShown(list.data) }
}

/** Without the links that are being deleted, and with the total of what is left. */
function toShown(list: Rows<Url>): Rows<Url> {
  const rows = list.rows.filter(({ id }) => !hidden.value.has(id))
  const left = list.total === null ? null : list.total - (list.rows.length - rows.length)
  // The server counts before it reads. At the end of the list its rows are the better count.
  return { ...list, rows, total: list.next === null ? rows.length : left }
}
