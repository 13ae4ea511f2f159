import { sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'

/** The SQL of folded codes, which a server that ignores case needs of all links and aliases. */

/** Codes per statement. */
const PAGE = 20_000

/** Of codes with one key, links come before aliases, and older ones before newer ones. */
const ORDER = 'alias_of IS NOT NULL, abs(id)'

/**
 * Returns the statement that folds the codes of rows for which `condition` is true. Where several have one
 * key, the first of {@link ORDER} gets it, unless a row has it already. The others keep null: lookups do not
 * find them.
 */
export function foldingOf(condition: string): string {
  return `UPDATE urls SET folded_code = first.key FROM (
      SELECT DISTINCT ON (domain, lower(short_code COLLATE "C")) id, domain, lower(short_code COLLATE "C") AS key
      FROM urls WHERE folded_code IS NULL AND (${condition})
      ORDER BY domain, lower(short_code COLLATE "C"), ${ORDER}
    ) AS first
    WHERE urls.id = first.id AND NOT EXISTS (
      SELECT FROM urls held WHERE held.domain = first.domain AND held.folded_code = first.key)`
}

export interface FoldedPage {
  changed: number
  /** The id with which the next page begins after this one; null after the last page. */
  last: number | null
}

/**
 * Folds a page of codes: links in the order of ids, and aliases, whose ids are negative, in the opposite one.
 */
export async function foldPage(on: Executor, kind: 'links' | 'aliases', after: number): Promise<FoldedPage> {
  const [beyond, until, order, end] =
    kind === 'links' ? ['>', '<=', 'ASC', 'max'] : ['<', '>=', 'DESC', 'min']
  const { rows } = await on.execute<{ last: string | null }>(
    sql.raw(`SELECT ${end}(id) AS last FROM (
      SELECT id FROM urls WHERE id ${beyond} ${after} AND folded_code IS NULL ORDER BY id ${order} LIMIT ${PAGE}
    ) AS page`)
  )
  const last = rows[0]?.last ?? null
  if (last === null) return { changed: 0, last }
  const page = `id ${beyond} ${after} AND id ${until} ${last}`
  const { rowCount } = await on.execute(sql.raw(foldingOf(page)))
  return { changed: rowCount ?? 0, last: Number(last) }
}

/** Returns codes that lookups do not find, because another link or alias has their key. */
export async function findUnreachable(on: Executor, limit: number): Promise<string[]> {
  const { rows } = await on.execute<{ short_code: string }>(
    sql`select short_code from urls where folded_code is null order by abs(id) limit ${limit}`
  )
  return rows.map((row) => row.short_code)
}
