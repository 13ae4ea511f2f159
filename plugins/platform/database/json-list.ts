import { count, type SQL, type Subquery, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { Executor } from './index.ts'

/**
 * Lists in JSON as PostgreSQL writes it. To parse a page of rows and to format it again took three quarters
 * of the time of a list. Long lists come in chunks, so that memory use does not depend on their size.
 */

/** Some rows of a list, in order of their ids. */
export interface JsonChunk {
  /** The rows as JSON objects, joined by commas. */
  text: string
  rows: number
  /** 0 without rows. */
  lastId: number
  /** Length of the text before it was cut, of a {@link selectLargeChunk}. */
  bytes?: number
}

/** A chunk of a list that ends with it if `isLast` is true. */
export interface ListChunk extends JsonChunk {
  isLast: boolean
}

/** A page of a list. `text` has its first rows; `rest` reads the others, null if there are none. */
export interface JsonPage {
  text: string
  /** Rows of all pages. */
  total: number
  rest: AsyncIterable<string> | null
}

/** A page of a sorted list. */
export interface SortedPage {
  text: string
  /** The cursor of the next page, null if this is the last. */
  next: string | null
  /** Rows of all pages; at least as many if not exact. Null if the request does not ask for it. */
  total: { rows: number; isExact: boolean } | null
}

/** Maximum number of rows per chunk. */
export const CHUNK_ROWS = 1_000

/** What an object of a list has, by name. */
export type Members = { id: PgColumn } & Record<string, SQL | PgColumn>

/**
 * Selects the rows of `page` as one {@link JsonChunk}. Each becomes a compact object with `members`, in
 * their order; times are in wire format. `page` is a subquery that is limited, because PostgreSQL evaluates a
 * select list for skipped rows too.
 */
export function selectChunk(on: Executor, page: Subquery | SQL, members: Members) {
  return on
    .select({
      text: sql<string>`coalesce(string_agg(${jsonObject(members)}, ',' order by ${members.id}), '')`,
      rows: count(),
      lastId: sql<number>`coalesce(max(${members.id}), 0)`.mapWith(Number)
    })
    .from(page)
}

/** A chunk of large rows ends with the row at which its text reaches this size, to fit into memory. */
export const CHUNK_BYTES = 4 * 1_048_576

/** Selects as {@link selectChunk} does, but stops at {@link CHUNK_BYTES}. */
export function selectLargeChunk(on: Executor, page: Subquery | SQL, members: Members) {
  const texts = on
    .select({ id: sql<number>`${members.id}`.as('id'), json: jsonObject(members).as('json') })
    .from(page)
    .as('texts')
  const bytes = sql<number>`octet_length(${texts.json})`
  const sum = sql<number>`sum(${bytes}) over (order by ${texts.id})`
  const measured = on
    .select({ id: texts.id, json: texts.json, sum: sum.as('sum'), bytes: bytes.as('bytes') })
    .from(texts)
    .as('measured')
  return on
    .select({
      text: sql<string>`coalesce(string_agg(${measured.json}, ',' order by ${measured.id}), '')`,
      rows: count(),
      lastId: sql<number>`coalesce(max(${measured.id}), 0)`.mapWith(Number),
      bytes: sql<number>`coalesce(max(${measured.sum}), 0)`.mapWith(Number)
    })
    .from(measured)
    .where(sql`${measured.sum} - ${measured.bytes} < ${sql.raw(String(CHUNK_BYTES))}`)
}

/** Returns the SQL of a JSON text, see {@link selectChunk}. */
export function jsonObject(members: Members): SQL<string> {
  const columns = Object.entries(members).map(
    ([name, value]) => sql`${shown(value)} as ${sql.identifier(name)}`
  )
  return sql<string>`(select row_to_json(shown)::text from (select ${sql.join(columns, sql`, `)}) as shown)`
}

function shown(value: SQL | PgColumn): SQL {
  const isTime = 'getSQLType' in value && value.getSQLType().startsWith('timestamp')
  return isTime ? sql`wire_time(${value})` : sql`${value}`
}

/** Reads a chunk of at most `limit` rows. `read` takes the number of rows to read. */
export async function readChunk(
  limit: number,
  read: (most: number) => Promise<JsonChunk[]>
): Promise<ListChunk> {
  const most = Math.min(limit, CHUNK_ROWS)
  const [{ bytes = 0, ...chunk } = { text: '', rows: 0, lastId: 0 }] = await read(most)
  return { ...chunk, isLast: chunk.rows < most && bytes < CHUNK_BYTES }
}

/**
 * Reads the rows after the chunk `first`, up to `perPage` rows in all. `read` returns up to `limit` rows from
 * an id on. Null if there are no more.
 */
export function readOn(
  first: ListChunk,
  perPage: number,
  read: (fromId: number, limit: number) => Promise<ListChunk>
): AsyncIterable<string> | null {
  if (first.isLast || first.rows >= perPage) return null
  return (async function* readRest() {
    let chunk = first
    for (let left = perPage - first.rows; left > 0 && !chunk.isLast; left -= chunk.rows) {
      chunk = await read(chunk.lastId + 1, left)
      if (chunk.rows > 0) yield chunk.text
    }
  })()
}
