import type { Page } from '#schema/shapes/page.ts'

/** Reads long lists in chunks, so that memory use does not depend on their size. */

/** Some rows in order of their ids. `isLast` is true if no more follow. */
export interface RowChunk<Row> {
  rows: Row[]
  isLast: boolean
}

/** A page whose first rows were read. `rest` reads the others; null if there are none. */
export interface LongPage<Row> extends Page<Row> {
  rest: AsyncIterable<Row[]> | null
}

/** Maximum number of rows per chunk. */
export const CHUNK_ROWS = 1_000

/** Reads a chunk of at most `limit` rows. `read` takes the number of rows to read. */
export async function readChunk<Row>(
  limit: number,
  read: (most: number) => Promise<Row[]>
): Promise<RowChunk<Row>> {
  const most = Math.min(limit, CHUNK_ROWS)
  const rows = await read(most)
  return { rows, isLast: rows.length < most }
}

/**
 * Reads the rows after the chunk `first`, up to `perPage` rows in all. `read` returns up to `limit` rows from
 * an id on. Null if there are no more.
 */
export function readOn<Row extends { id: number }>(
  first: RowChunk<Row>,
  perPage: number,
  read: (fromId: number, limit: number) => Promise<RowChunk<Row>>
): AsyncIterable<Row[]> | null {
  if (first.isLast || first.rows.length >= perPage) return null
  return (async function* readRest() {
    let chunk = first
    for (let left = perPage - first.rows.length; left > 0 && !chunk.isLast; left -= chunk.rows.length) {
      chunk = await read((chunk.rows.at(-1)?.id ?? 0) + 1, left)
      yield chunk.rows
    }
  })()
}
