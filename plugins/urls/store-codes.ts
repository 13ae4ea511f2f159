import { and, inArray, type SQL, sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import { urls } from '#schema/tables/urls.ts'

/** The SQL of codes: which are taken, and the rows of aliases. */

/** A code, with its key where the server ignores case. */
export interface StoredCode {
  domain: string
  code: string
  folded: string | null
}

/** A code that a link has, as its own or as an alias. */
export interface HeldCode extends StoredCode {
  urlId: number
}

/** Returns the links that have these codes, even if deleted. */
export async function findHolders(on: Executor, codes: readonly StoredCode[]): Promise<HeldCode[]> {
  const exact = sql`${urls.shortCode} = any(${sql.param(codes.map(({ code }) => code))}::text[])`
  const folded = codes.flatMap((code) => code.folded ?? [])
  const found = await on
    .select({
      domain: urls.domain,
      code: urls.shortCode,
      folded: urls.foldedCode,
      urlId: sql<number>`coalesce(${urls.aliasOf}, ${urls.id})`.mapWith(urls.id)
    })
    .from(urls)
    .where(
      and(
        inArray(urls.domain, [...new Set(codes.map(({ domain }) => domain))]),
        folded.length === 0
          ? exact
          : sql`(${exact} or ${urls.foldedCode} = any(${sql.param(folded)}::text[]))`
      )
    )
  return found
}

/** Deletes the rows of aliases. Their codes are free from then on. */
export async function deleteAliases(on: Executor, aliases: readonly HeldCode[]): Promise<void> {
  await on.execute(sql`delete from ${urls} using ${rowsOf(aliases)}
    where ${urls.aliasOf} = given.url_id and ${urls.domain} = given.domain and ${urls.shortCode} = given.code`)
}

/**
 * Inserts the rows of aliases. A code that is taken violates a unique key, which repeats the transaction:
 * {@link findHolders} then finds its holder.
 */
export async function insertAliases(on: Executor, aliases: readonly HeldCode[]): Promise<void> {
  // Two transactions insert the same codes in one order, so that they do not wait for each other.
  await on.execute(sql`insert into ${urls}
      (id, domain, short_code, folded_code, alias_of, original_url, is_active, deleted_at)
    select -nextval('urls_id_seq'), domain, code, folded, url_id, '', false, date_trunc('second', now())
    from ${rowsOf(aliases)} order by code`)
}

function rowsOf(codes: readonly HeldCode[]): SQL {
  const list = (name: keyof HeldCode) => sql.param(codes.map((code) => code[name]))
  return sql`unnest(${list('urlId')}::bigint[], ${list('domain')}::text[], ${list('code')}::text[],
    ${list('folded')}::text[]) as given(url_id, domain, code, folded)`
}
