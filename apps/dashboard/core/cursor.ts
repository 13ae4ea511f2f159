import { useRef, useState } from 'preact/hooks'
import type { Page } from '#apps/client/operations.ts'
import type { CallOptions } from '#apps/client/send.ts'
import { type Resource, useResource } from './resource.ts'

/** Lists of the API that a cursor continues. */

/** What has been read of a list. `next` is null at the end. */
export interface Rows<Row> {
  rows: Row[]
  next: string | null
  /** Rows of all pages; null if the server does not count them. */
  total: number | null
  /** False if the server stopped counting at {@link Rows.total}. */
  isTotalExact: boolean
}

export interface CursorList<Row> extends Resource<Rows<Row>> {
  /** Reads the next page; does nothing while one is being read. */
  more(): void
  isReadingMore: boolean
}

export type ListCall<Row, Query> = (query?: Query | string, options?: CallOptions) => Promise<Page<Row>>

/** Adds the page that `cursor` names, unless the list has been read anew since. */
function append<Row extends { id?: unknown }>(
  last: Rows<Row>,
  page: Page<Row>,
  cursor: string | null
): Rows<Row> {
  if (last.next !== cursor) return last
  // A row that an edit has moved in the order may come twice.
  const known = new Set(last.rows.map(({ id }) => id))
  const rows = [...last.rows, ...page.rows.filter(({ id }) => id === undefined || !known.has(id))]
  // The count belongs to the first page.
  return { ...last, rows, next: page.next }
}

/** Reads a list with `query` for each new `key`; it grows by {@link CursorList.more}. */
export function useCursorList<Row extends object, Query extends object>(
  key: string,
  list: ListCall<Row, Query>,
  query: Query
): CursorList<Row> {
  const resource = useResource<Rows<Row>>(key, (signal) => list(query, { signal }))
  const [isReadingMore, setReading] = useState(false)
  const reading = useRef<string | null>(null)
  const current = useRef(key)
  current.current = key
  async function more(): Promise<void> {
    const { data } = resource
    if (data === undefined || data.next === null || reading.current === key) return
    reading.current = key
    setReading(true)
    try {
      const page = await list(data.next)
      if (current.current === key) resource.update((last) => append(last, page, data.next))
    } catch {
      // Scrolling again, or the button, repeats it.
    } finally {
      reading.current = null
      setReading(false)
    }
  }
  return { ...resource, more: () => void more(), isReadingMore }
}
