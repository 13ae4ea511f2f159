import type { Page } from '#schema/shapes/page.ts'

/** Reading long lists by chunks, so that their size costs no memory. */

/** Some rows in the order of ids, and whether there are no more. */
export interface RowChunk<Row> {
  rows: Row[]
  isLast: boolean
}

/** A page whose first rows were read. `rest` reads the others; null when there are none. */
export interface LongPage<Row> extends Page<Row> {
  rest: AsyncIterable<Row[]> | null
}

/** Most rows of a chunk. */
export const CHUNK_ROWS = 1_000

/** Reads a chunk of at most `limit` rows; `read` takes how many are read at once. */
export async function readChunk<Row>(
  limit: number,
  read: (most: number) => Promise<Row[]>
): Promise<RowChunk<Row>> {
  const most = Math.min(limit, CHUNK_ROWS)
  const rows = await read(most)
  return { rows, isLast: rows.length < most }
}

/** The rows behind the chunk `first` of `perPage` rows in all; `read` gives a chunk of up to `limit` rows from an id on. */
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

/** The page with each row as `present` gives it. */
export function mapPage<Row, Shown>(
  { rows, total, rest }: LongPage<Row>,
  present: (row: Row) => Shown
): LongPage<Shown> {
  async function* mapRest(chunks: AsyncIterable<Row[]>) {
    for await (const chunk of chunks) yield chunk.map(present)
  }
  return { rows: rows.map(present), total, rest: rest && mapRest(rest) }
}
