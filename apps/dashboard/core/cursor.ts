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
}

export interface CursorList<Row> extends Resource<Rows<Row>> {
  /** Reads the next page; does nothing while one is being read. */
  more(): void
  isReadingMore: boolean
}

type ListCall<Row, Query> = (query?: Query | string, options?: CallOptions) => Promise<Page<Row>>

/** Reads a list with `query` for each new `key`; it grows by {@link CursorList.more}. */
export function useCursorList<Row, Query extends object>(
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
      // The count belongs to the first page.
      if (current.current === key)
        resource.set({ ...page, total: data.total, rows: [...data.rows, ...page.rows] })
    } catch {
      // Scrolling again, or the button, repeats it.
    } finally {
      reading.current = null
      setReading(false)
    }
  }
  return { ...resource, more: () => void more(), isReadingMore }
}
