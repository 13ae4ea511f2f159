import { batchLoad } from '#platform/async/batch-load.ts'
import type { Cache } from '#platform/cache/index.ts'
import type { Database } from '#platform/database/index.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { FIELDS } from './fields.ts'
import { findUrls } from './store.ts'

/** The cache for reads by id. It keeps deleted rows too, because an invalidation needs their version. */
export const ROWS = 'urls'

/** Rows in process. They are larger than the entries of redirects, and read less often. */
const MAX_ROWS = 10_000

/**
 * Another letter than that of the previous release, which reads rows without the columns that restrict links.
 */
const FORMAT = 'w'

const TIMES = FIELDS.filter(({ type }) => type === 'timestamptz').map(({ column }) => column)

/** Opens the cache of rows. Returns the lookup by id. */
export function openRows(
  database: Database,
  cache: Pick<Cache, 'open'>
): (id: number) => UrlRow | null | Promise<UrlRow | null> {
  const rows = cache.open<UrlRow>({
    name: ROWS,
    format: FORMAT,
    maxEntries: MAX_ROWS,
    load: batchLoad(async (ids) => {
      const found = await database.outside(() => findUrls(database.db, ids))
      const byId = new Map(found.map((row) => [String(row.id), row]))
      return ids.map((id) => byId.get(id) ?? null)
    }),
    versionOf: ({ version }) => version,
    decode: decodeRow
  })
  return (id) => rows.get(String(id))
}

function decodeRow(text: string): UrlRow {
  const row: Record<string, unknown> = JSON.parse(text)
  for (const column of TIMES) if (row[column] !== null) row[column] = new Date(String(row[column]))
  return row as unknown as UrlRow
}
