import { asc, count, type SQL, sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import { CHUNK_ROWS, jsonObject, type ListChunk } from '#platform/database/json-list.ts'
import { events } from '#schema/tables/events.ts'

/** Reads events in chunks of bounded size: a page of large rows would not fit into memory. */

/** A chunk ends with the row at which the sum of texts reaches this size. */
const CHUNK_BYTES = 4 * 1_048_576

/** Reads the first chunk of the `wanted` events after the first `skip`: at most `limit` rows. */
export async function readEventChunk(
  on: Executor,
  wanted: SQL | undefined,
  { limit, skip = 0 }: { limit: number; skip?: number }
): Promise<ListChunk> {
  const most = Math.min(limit, CHUNK_ROWS)
  const page = on
    .select()
    .from(events)
    .where(wanted)
    .orderBy(asc(events.id))
    .limit(most)
    .offset(skip)
    .as('page')
  const { id, urlId, userId, eventType, timestamp, details } = page
  const json = jsonObject({ id, url_id: urlId, user_id: userId, event_type: eventType, timestamp, details })
  const texts = on
    .select({ id, json: json.as('json') })
    .from(page)
    .as('texts')
  const bytes = sql<number>`octet_length(${texts.json})`
  const sum = sql<number>`sum(${bytes}) over (order by ${texts.id})`
  const measured = on
    .select({ id: texts.id, json: texts.json, sum: sum.as('sum'), bytes: bytes.as('bytes') })
    .from(texts)
    .as('measured')
  const [found] = await on
    .select({
      text: sql<string>`coalesce(string_agg(${measured.json}, ',' order by ${measured.id}), '')`,
      rows: count(),
      lastId: sql<number>`coalesce(max(${measured.id}), 0)`.mapWith(Number),
      bytes: sql<number>`coalesce(max(${measured.sum}), 0)`.mapWith(Number)
    })
    .from(measured)
    .where(sql`${measured.sum} - ${measured.bytes} < ${CHUNK_BYTES}`)
  const { bytes: read = 0, ...chunk } = found ?? { text: '', rows: 0, lastId: 0 }
  return { ...chunk, isLast: chunk.rows < most && read < CHUNK_BYTES }
}
