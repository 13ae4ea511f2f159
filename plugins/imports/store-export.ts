import type { ClientBase } from 'pg'
import { compactJson } from '#platform/http/plain-json.ts'
import type { Column, Kind } from './kinds.ts'
import { quoteName } from './store-staging.ts'

/** Reads whole tables in the format of the files, one page of bounded size at a time. */

const FETCH_ROWS = 2_000
const FETCH_BYTES = 4 * 1_048_576

/** Runs `work` in one snapshot of the database. */
export async function inSnapshot<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0')
  try {
    return await work()
  } finally {
    await client.query('ROLLBACK').catch(() => undefined)
  }
}

/** The columns of a file, without extra columns that have no value in any row. */
export async function findColumns(client: ClientBase, kind: Kind): Promise<Column[]> {
  const columns = kind.columns.filter(({ isInputOnly }) => !isInputOnly)
  const extras = columns.filter(({ isExtra }) => isExtra)
  if (extras.length === 0) return columns
  const counts = extras
    .map(
      ({ name, usual = 'NULL' }) =>
        `bool_or(${quoteName(name)} IS DISTINCT FROM ${usual}) AS ${quoteName(name)}`
    )
    .join(', ')
  const { rows } = await client.query<Record<string, boolean>>(
    `SELECT ${counts} FROM ${kind.name} WHERE id > 0`
  )
  return columns.filter(({ name, isExtra }) => !isExtra || rows[0]?.[name])
}

/**
 * Reads `columns` of all rows of the kind, formatted as in the files, in the order of ids. The id comes
 * first. Rows without a positive id are not of the kind: see `urls.alias_of`.
 */
export async function* readRows(
  client: ClientBase,
  kind: Kind,
  columns: readonly Column[]
): AsyncGenerator<(string | null)[][]> {
  const text = formatQuery(kind, columns)
  const readAfter = async (id: string) =>
    (await client.query<(string | null)[]>({ text, values: [id], rowMode: 'array' })).rows
  for (let after = '0'; ; ) {
    const rows = await readAfter(after)
    if (rows.length === 0) return
    after = rows.at(-1)?.[0] ?? after
    for (const [place, { type }] of columns.entries()) if (type === 'jsonb') compactColumn(rows, place)
    yield rows
  }
}

/** The query for the rows after id $1: at most FETCH_ROWS, up to the row whose text reaches FETCH_BYTES. */
function formatQuery({ name }: Kind, columns: readonly Column[]): string {
  const names = columns.map((_, place) => `c${place}`).join(', ')
  const values = columns.map((column, place) => `${expressValue(column)} AS c${place}`).join(', ')
  return `SELECT ${names} FROM (
      SELECT *, sum(bytes) OVER (ORDER BY key) - bytes AS before FROM (
        SELECT *, octet_length(concat(${names})) AS bytes FROM (
          SELECT id AS key, ${values} FROM ${name} WHERE id > $1 ORDER BY ${name}.id LIMIT ${FETCH_ROWS}
        ) AS page
      ) AS measured
    ) AS counted WHERE before < ${FETCH_BYTES} ORDER BY key`
}

function expressValue({ name, type, value, stored }: Column): string {
  const column = stored ?? value ?? quoteName(name)
  if (type === 'timestamptz') return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')`
  if (type === 'boolean') return `CASE WHEN ${column} THEN 'True' ELSE 'False' END`
  return `${column}::text`
}

function compactColumn(rows: (string | null)[][], place: number): void {
  for (const row of rows) row[place] = compactJson(row[place] ?? '{}')
}
