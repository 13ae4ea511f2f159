import type { Page } from '#apps/client/operations.ts'
import type { CallOptions } from '#apps/client/send.ts'

/** Lists of the API in parts, the newest rows first. */

/** A part of a list. `next` is null at the end. */
export interface Part<Row> {
  rows: Row[]
  next: string | null
  total: number
}

const FIRST = { sort: '-id', count: 'true', per_page: 50 } as const

/** An operation that lists: takes the order of the first part, or the cursor of a later one. */
export type ReadList<Row> = (from: typeof FIRST | string, options: CallOptions) => Promise<Page<Row>>

/** Reads the part of a list that follows `after`, or the first. */
export async function readPart<Row>(
  list: ReadList<Row>,
  after: string | null,
  signal: AbortSignal
): Promise<Part<Row>> {
  const { rows, next, total } = await list(after ?? FIRST, { signal })
  return { rows, next, total: total ?? rows.length }
}
