import type { Page } from '#apps/client/operations.ts'
import type { CallOptions } from '#apps/client/send.ts'
import type { PageQuery } from '#schema/shapes/page.ts'

/** Lists of the API in parts, the newest rows first. */

/** A part of a list. `next` is null at the end. */
export interface Part<Row> {
  rows: Row[]
  next: number | null
  total: number
}

/** An operation that lists, with the filters already in it. */
export type ReadList<Row> = (query: PageQuery, options: CallOptions) => Promise<Page<Row>>

const SIZE = 50

/**
 * Reads the part of a list that follows `after`, or the first. The API lists the oldest rows first in
 * numbered pages, so this walks from the last page to the first.
 */
export async function readPart<Row>(
  list: ReadList<Row>,
  after: number | null,
  signal: AbortSignal
): Promise<Part<Row>> {
  async function read(page: number): Promise<Part<Row>> {
    const { rows, total } = await list({ page, per_page: SIZE }, { signal })
    return { rows: rows.toReversed(), next: page > 1 ? page - 1 : null, total: total ?? rows.length }
  }
  if (after !== null) return read(after)
  const first = await read(1)
  const last = Math.ceil(first.total / SIZE)
  if (last <= 1) return first
  const end = await read(last)
  // A last page of few rows does not fill the screen.
  if (end.rows.length >= SIZE / 2) return end
  const more = last === 2 ? first : await read(last - 1)
  return { ...more, rows: [...end.rows, ...more.rows] }
}
