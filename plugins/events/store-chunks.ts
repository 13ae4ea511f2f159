import { asc, getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import { CHUNK_ROWS, type RowChunk } from '#platform/database/row-chunks.ts'
import { type EventRow, events } from '#schema/tables/events.ts'

/** Reads events in chunks of bounded size: a page of large rows would not fit into memory. */

export type EventChunk = RowChunk<EventRow>

/** A chunk ends with the row at which the sum of `details` reaches this size. */
const CHUNK_BYTES = 4 * 1_048_576

/** Reads the first chunk of the `wanted` events after the first `skip`: at most `limit` rows. */
export async function readEventChunk(
  on: Executor,
  wanted: SQL | undefined,
  { limit, skip = 0 }: { limit: number; skip?: number }
): Promise<EventChunk> {
  const most = Math.min(limit, CHUNK_ROWS)
  const page = on
    .select(getTableColumns(events))
    .from(events)
    .where(wanted)
    .orderBy(asc(events.id))
    .limit(most)
    .offset(skip)
    .as('page')
  // Only over the page: PostgreSQL would measure the skipped rows too.
  const bytes = sql<number>`octet_length(${page.details}::text)`
  const sum = sql<string>`sum(${bytes}) over (order by ${page.id})`
  const measured = on
    .select({ ...page._.selectedFields, sum: sum.as('sum'), bytes: bytes.as('bytes') })
    .from(page)
    .as('measured')
  const found = await on
    .select()
    .from(measured)
    .where(sql`${measured.sum} - ${measured.bytes} < ${CHUNK_BYTES}`)
    .orderBy(asc(measured.id))
  const isLast = found.length < most && Number(found.at(-1)?.sum ?? 0) < CHUNK_BYTES
  return { rows: found.map(({ bytes: _own, sum: _sum, ...row }) => row), isLast }
}
