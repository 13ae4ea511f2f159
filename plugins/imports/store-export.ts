import type { ClientBase } from 'pg'
import { compactJson } from './csv-writer.ts'
import type { Column, Kind } from './kinds.ts'
import { quoteName } from './store-staging.ts'

/** Reading whole tables, in the form of the files, through cursors: memory holds one fetch at a time. */

const FETCH_ROWS = 2_000

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

/** Reads `columns` of all rows of the kind in the order of their ids, as the files have them. */
export async function* readRows(
  client: ClientBase,
  kind: Kind,
  columns: readonly Column[]
): AsyncGenerator<(string | null)[][]> {
  const values = columns.map(expressValue).join(', ')
  await client.query(
    `DECLARE ${kind.name}_rows NO SCROLL CURSOR FOR SELECT ${values} FROM ${kind.name} ORDER BY ${kind.name}.id`
  )
  const text = `FETCH ${FETCH_ROWS} FROM ${kind.name}_rows`
  for (;;) {
    const { rows } = await client.query<(string | null)[]>({ text, rowMode: 'array' })
    if (rows.length === 0) return
    for (const [place, { type }] of columns.entries()) if (type === 'jsonb') compactColumn(rows, place)
    yield rows
  }
}

function expressValue({ name, type }: Column): string {
  const column = quoteName(name)
  if (type === 'timestamptz') return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')`
  if (type === 'boolean') return `CASE WHEN ${column} THEN 'True' ELSE 'False' END`
  return `${column}::text`
}

function compactColumn(rows: (string | null)[][], place: number): void {
  for (const row of rows) row[place] = compactJson(row[place] ?? '{}')
}
