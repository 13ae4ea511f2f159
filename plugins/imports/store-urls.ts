import type { ClientBase } from 'pg'
import type { Merged } from './store.ts'
import { findUnknown } from './store-references.ts'

const COLUMNS =
  'id, user_id, short_code, original_url, title, is_active, created_at, updated_at, expires_at, deleted_at'

/**
 * Inserts the staged urls. One whose code another url has is refused: a code leads to one place. Owners that are
 * not there are told, and may come later.
 */
export async function mergeUrls(client: ClientBase): Promise<Merged> {
  const { rows: refused } = await client.query<{ line: string; short_code: string; holder: string }>(`
    WITH judged AS (
      SELECT staging.line, coalesce(urls.id, nullif(first_value(staging.id) OVER codes, staging.id)) AS holder
      FROM staging
      LEFT JOIN urls ON urls.short_code = staging.short_code
      WINDOW codes AS (PARTITION BY staging.short_code ORDER BY staging.line)
    )
    DELETE FROM staging USING judged
    WHERE judged.line = staging.line AND judged.holder IS NOT NULL
    RETURNING staging.line, staging.short_code, judged.holder`)
  await client.query(`INSERT INTO urls (${COLUMNS}) SELECT ${COLUMNS} FROM staging`)
  return {
    rejected: refused.map(({ line, short_code, holder }) => ({
      line: Number(line),
      reason: `short_code ${short_code} is already url ${holder}'s`
    })),
    warnings: await findUnknown(client, 'user', 'users')
  }
}
