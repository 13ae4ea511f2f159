import type { ClientBase } from 'pg'
import type { Remark } from './report.ts'
import type { Merged } from './store.ts'
import { findUnknown } from './store-references.ts'

const COLUMNS =
  'id, user_id, short_code, original_url, title, is_active, created_at, updated_at, expires_at, deleted_at'

/** The parts of `app.urls` that imports need. */
export interface Codes {
  /** A random code; `attempt` counts from 0 the tries that found none free. */
  createCode(attempt: number): string
  /** Codes, in lower case, whose path is the server's own. */
  reservedCodes: ReadonlySet<string>
}

/**
 * Inserts the staged urls, with new codes where they have none. One whose code another url has is refused: a code leads to one place. Owners that are
 * not there are told, and may come later.
 */
export async function mergeUrls(client: ClientBase, codes: Codes): Promise<Merged> {
  await fillCodes(client, codes)
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
    warnings: [...(await findUnknown(client, 'user', 'users')), ...(await findReserved(client, codes))]
  }
}

async function fillCodes(client: ClientBase, { createCode }: Codes): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const { rows } = await client.query<{ line: string }>('SELECT line FROM staging WHERE short_code IS NULL')
    if (rows.length === 0) return
    await client.query(
      `WITH made AS (
         SELECT DISTINCT ON (code) line, code FROM unnest($1::bigint[], $2::text[]) AS made(line, code)
         WHERE NOT EXISTS (SELECT FROM urls WHERE short_code = code)
           AND NOT EXISTS (SELECT FROM staging WHERE short_code = code)
       )
       UPDATE staging SET short_code = code FROM made WHERE staging.line = made.line`,
      [rows.map(({ line }) => line), rows.map(() => createCode(attempt))]
    )
  }
}

async function findReserved(client: ClientBase, { reservedCodes }: Codes): Promise<Remark[]> {
  const { rows } = await client.query<{ line: string; short_code: string }>(
    'SELECT line, short_code FROM staging WHERE lower(short_code) = ANY($1::text[]) ORDER BY line LIMIT 1000',
    [[...reservedCodes]]
  )
  return rows.map(({ line, short_code }) => ({
    line: Number(line),
    reason: `short_code ${short_code} is a word of the server's own addresses: the link is at /s/${short_code}`
  }))
}
