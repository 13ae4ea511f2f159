import { type CallOptions, call } from './api.ts'

/** Lists of the API in parts, the newest rows first. */

/** A part of a list. `next` is null at the end. */
export interface Part<Row> {
  rows: Row[]
  next: string | null
  total: number
}

const SIZE = 50

/**
 * Reads the part of the list at `path` that follows `after`, or the first. The API lists the oldest rows
 * first in numbered pages, so this walks from the last page to the first.
 */
export async function readPart<Row>(
  path: string,
  query: NonNullable<CallOptions['query']>,
  after: string | null,
  signal: AbortSignal
): Promise<Part<Row>> {
  const read = (page: number) =>
    call<Row[]>('GET', path, { query: { ...query, page, per_page: SIZE }, signal })
  const part = ({ data, total }: { data: Row[]; total: number }, page: number): Part<Row> => ({
    rows: data.toReversed(),
    next: page > 1 ? String(page - 1) : null,
    total
  })
  if (after !== null) return part(await read(Number(after)), Number(after))
  const first = await read(1)
  const last = Math.ceil(first.total / SIZE)
  if (last <= 1) return part(first, 1)
  const end = part(await read(last), last)
  // A last page of few rows does not fill the screen.
  if (end.rows.length >= SIZE / 2) return end
  const more = part(last === 2 ? first : await read(last - 1), last - 1)
  return { ...more, rows: [...end.rows, ...more.rows] }
}
