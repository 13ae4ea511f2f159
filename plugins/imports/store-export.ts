import type { ClientBase } from 'pg'
import { compactJson } from './csv-writer.ts'
import type { Column, Kind } from './kinds.ts'
import { quoteName } from './store-staging.ts'

/** Reading whole tables, in the form of the files, through cursors: memory holds one fetch at a time. */

const FETCH_ROWS = 2_000

/** Greatest JSON, in bytes, that is fetched with its row; larger ones are read one by one, so that a fetch stays bounded. */
const MAX_FETCHED = 32 * 1024

/** Runs `work` on a client that sees one moment of the database throughout. */
export async function inSnapshot<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0')
  try {
    return await work()
  } finally {
    await client.query('ROLLBACK').catch(() => undefined)
  }
}

/** Whether a row of the kind has a value in one of `columns`. */
export async function hasValues(
  client: ClientBase,
  kind: Kind,
  columns: readonly Column[]
): Promise<boolean> {
  if (columns.length === 0) return false
  const wanted = columns.map(({ name }) => `${quoteName(name)} IS NOT NULL`).join(' OR ')
  const { rows } = await client.query<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM ${kind.name} WHERE ${wanted}) AS found`
  )
  return rows[0]?.found ?? false
}

/** Reads `columns` of all rows of the kind in the order of their ids, as the files have them, in parts of at least a row. */
export async function* readRows(
  client: ClientBase,
  kind: Kind,
  columns: readonly Column[]
): AsyncGenerator<(string | null)[][]> {
  const values = columns.map(expressValue).join(', ')
  const json = columns.findIndex(({ type }) => type === 'jsonb')
  // OFFSET keeps the planner from converting JSON twice, for its length and its text.
  const source =
    json === -1
      ? kind.name
      : `(SELECT *, ${quoteName(columns[json]?.name ?? '')}::text AS json FROM ${kind.name} ORDER BY id OFFSET 0) AS ${kind.name}`
  await client.query(
    `DECLARE ${kind.name}_rows NO SCROLL CURSOR FOR SELECT ${values} FROM ${source} ORDER BY ${kind.name}.id`
  )
  const text = `FETCH ${FETCH_ROWS} FROM ${kind.name}_rows`
  for (;;) {
    const { rows } = await client.query<(string | null)[]>({ text, rowMode: 'array' })
    if (rows.length === 0) return
    if (json === -1) yield rows
    else yield* completeRows(client, kind, columns[json] as Column, json, rows)
  }
}

/** Puts JSON that was too large for its fetch in its place, a row at a time. */
async function* completeRows(
  client: ClientBase,
  kind: Kind,
  { name }: Column,
  place: number,
  rows: (string | null)[][]
): AsyncGenerator<(string | null)[][]> {
  let from = 0
  for (const [at, row] of rows.entries()) {
    const value = row[place] ?? null
    if (value !== null) {
      row[place] = compactJson(value)
      continue
    }
    if (at > from) yield rows.slice(from, at)
    const { rows: found } = await client.query<{ value: string }>(
      `SELECT ${quoteName(name)}::text AS value FROM ${kind.name} WHERE id = $1`,
      [row[0]]
    )
    yield [row.with(place, compactJson(found[0]?.value ?? '{}'))]
    from = at + 1
  }
  if (from < rows.length) yield rows.slice(from)
}

function expressValue({ name, type }: Column): string {
  const column = quoteName(name)
  if (type === 'timestamptz') return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')`
  if (type === 'boolean') return `CASE WHEN ${column} THEN 'True' ELSE 'False' END`
  if (type === 'jsonb') return `CASE WHEN octet_length(json) <= ${MAX_FETCHED} THEN json END`
  return `${column}::text`
}
