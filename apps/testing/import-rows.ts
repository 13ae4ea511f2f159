import type { OnConflict } from '#schema/shapes/import-report.ts'
import type { Answer, Running } from './app.ts'

/** Rows of imports for tests, as objects. */

export type Kind = 'users' | 'urls' | 'events'
export type Row = Record<string, unknown>

/** A complete row with unique values. */
export function makeRow(kind: Kind, id: number, prefix = 'row'): Row {
  const name = `${prefix}-${kind}-${id}`
  const created_at = '2025-06-04T00:07:00'
  const rows: Record<Kind, Row> = {
    users: { id, username: name, email: `${name}@example.com`, created_at },
    urls: {
      id,
      user_id: null,
      short_code: name,
      original_url: `https://example.com/${name}`,
      title: name,
      is_active: true,
      created_at,
      updated_at: created_at
    },
    events: { id, url_id: 1_000, user_id: null, event_type: name, timestamp: created_at, details: { name } }
  }
  return rows[kind]
}

/** Imports rows of a kind as JSON. */
export function sendRows(
  { request }: Running,
  kind: Kind,
  rows: Row[],
  onConflict?: OnConflict
): Promise<Answer> {
  const query = onConflict ? `?on_conflict=${onConflict}` : ''
  return request('POST', `/${kind}/bulk${query}`, { json: rows })
}

/** Imports files that refer to one another. */
export function sendSet(
  { request }: Running,
  rows: Partial<Record<Kind, Row[]>>,
  onConflict: OnConflict = 'skip'
): Promise<Answer> {
  const form = new FormData()
  for (const kind of ['users', 'urls', 'events'] as const) {
    const found = rows[kind]
    if (found && found.length > 0) form.set(kind, new Blob([toCsv(found)]), `${kind}.csv`)
  }
  return request('POST', `/sets/bulk?on_conflict=${onConflict}`, { body: form })
}

/** A file of rows with the same columns. */
export function toCsv(rows: Row[], delimiter = ',', lineEnd = '\n'): string {
  const names = Object.keys(rows[0] ?? {})
  const quote = (value: unknown) => {
    if (value === null || value === undefined) return ''
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
    return `"${text.replaceAll('"', '""')}"`
  }
  const lines = rows.map((row) => names.map((name) => quote(row[name])).join(delimiter))
  return [names.join(delimiter), ...lines, ''].join(lineEnd)
}

/** Deletes all rows; ids continue. For `events` it keeps the url that {@link makeRow} refers to. */
export async function wipe(running: Running, kind?: Kind): Promise<void> {
  const { cache, database } = running.app
  const { rows } = await database.pool.query<{ key: string; version: string }>(
    'SELECT id AS key, version + 1 AS version FROM urls'
  )
  await database.pool.query('DELETE FROM users; DELETE FROM urls; DELETE FROM events')
  await cache.invalidate(
    'urls',
    rows.map(({ key, version }) => ({ key, version: Number(version) }))
  )
  if (kind === 'events') await sendRows(running, 'urls', [makeRow('urls', 1_000)])
}
