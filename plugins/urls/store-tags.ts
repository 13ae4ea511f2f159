import { and, asc, count, eq, gt, type SQL, sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import { type UrlRow, urls } from '#schema/tables/urls.ts'
import { readGuarded } from './guard.ts'
import { live } from './store.ts'

/** The SQL of the tags that links have. */

/** The condition of links with a tag, deleted ones too. The first part is that of the index. */
const isTagged = (name: string) => sql`${urls.tags} <> '{}' and ${urls.tags} @> ${sql.param([name])}::text[]`

/** A SELECT of `name` and `links` for the tags of all links, or of those of `owner`, without deleted ones. */
export function tagCounts(owner: number | undefined): SQL {
  const owned = owner === undefined ? undefined : eq(urls.userId, owner)
  return sql`select tag.name, count(*) as links from ${urls}, unnest(${urls.tags}) as tag(name)
    where ${and(sql`${urls.tags} <> '{}'`, live, owned)} group by tag.name`
}

/** Counts the links with a tag, without deleted ones. */
export async function countTagged(on: Executor, name: string): Promise<number> {
  const [row] = await on
    .select({ links: count() })
    .from(urls)
    .where(and(isTagged(name), live))
  return row?.links ?? 0
}

/**
 * Reads links with a tag, deleted ones too, and locks them until the transaction ends, in the order of ids as
 * other changes do. Begins after the link `last`.
 */
export async function lockTagged(on: Executor, name: string, last: number, limit: number): Promise<UrlRow[]> {
  const rows = await on
    .select()
    .from(urls)
    .where(and(isTagged(name), gt(urls.id, last)))
    .orderBy(asc(urls.id))
    .limit(limit)
    .for('update')
  return rows.map(readGuarded)
}
