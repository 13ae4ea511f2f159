import type { ClientBase } from 'pg'
import type { Remark } from '#plugins/imports/contract.ts'
import { isCode, MAX_ALIASES } from '#schema/shapes/url-codes.ts'

/** Imports the aliases of links. */

/** Returns the aliases of a link without repeats, or what is wrong with them. */
export function readAliases(items: string[]): string[] | string {
  const codes = [...new Set(items.map((item) => item.trim()).filter(Boolean))]
  const wrong = codes.find((code) => !isCode(code))
  if (wrong !== undefined) return `holds "${wrong}", which is not 1 to 64 of letters, digits, - and _`
  return codes.length > MAX_ALIASES ? `holds more than ${MAX_ALIASES} codes` : codes
}

/**
 * Removes the aliases of staged links that are codes of other links, in the database or in the file. The
 * first staged link that has an alias keeps it.
 */
export async function leaveTakenAliases(client: ClientBase): Promise<Remark[]> {
  const { rowCount } = await client.query(`SELECT FROM staging WHERE aliases <> '{}' LIMIT 1`)
  if (rowCount === 0) return []
  const { rows } = await client.query<{ line: string; code: string }>(`
    WITH listed AS (
      SELECT line, code, place, short_code, row_number() OVER (PARTITION BY code ORDER BY line) AS turn
      FROM staging, unnest(aliases) WITH ORDINALITY AS listed(code, place)
    ), judged AS (
      SELECT line, code, place, short_code = code AS is_own, turn > 1
        OR EXISTS (SELECT FROM urls WHERE urls.short_code = code)
        OR EXISTS (SELECT FROM staging other WHERE other.short_code = code) AS is_taken
      FROM listed
    ), kept AS (
      SELECT line, coalesce(array_agg(code ORDER BY place) FILTER (WHERE NOT is_taken), '{}') AS aliases
      FROM judged GROUP BY line HAVING bool_or(is_taken)
    ), changed AS (
      UPDATE staging SET aliases = kept.aliases FROM kept WHERE kept.line = staging.line
    )
    SELECT line, code FROM judged WHERE is_taken AND NOT is_own ORDER BY line, place LIMIT 1000`)
  return rows.map(({ line, code }) => ({
    line: Number(line),
    reason: `the alias ${code} is the code of another url: the link is stored without it`
  }))
}

/** Inserts the rows of aliases of staged links; urls.alias_of tells why they have these values. */
export const ALIAS_INSERTION = `INSERT INTO urls (id, short_code, alias_of, original_url, is_active, deleted_at)
  SELECT -nextval('urls_id_seq'), code, staging.id, '', false, date_trunc('second', now())
  FROM staging, unnest(aliases) AS code ORDER BY code`
