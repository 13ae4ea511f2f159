import { and, asc, eq, sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import { targetHash, type UrlRow, urls } from '#schema/tables/urls.ts'
import { readGuarded } from './guard.ts'
import { live } from './store.ts'

/** Most links of one target and owner that are compared. */
const MAX_COMPARED = 100

/**
 * Returns the links of a target and an owner, the oldest first. Creations of the same target and owner that
 * ask for this wait for each other until their transactions end.
 */
export async function findByTarget(
  on: Executor,
  { originalUrl, userId }: Pick<UrlRow, 'originalUrl' | 'userId'>
): Promise<UrlRow[]> {
  const name = `fairlead.target:${userId ?? ''}:${originalUrl}`
  await on.execute(sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`)
  const isSame = and(
    sql`${targetHash(urls)} = hashtextextended(${originalUrl}, 0)`,
    eq(urls.originalUrl, originalUrl),
    userId === null ? sql`${urls.userId} is null` : eq(urls.userId, userId),
    live
  )
  const rows = await on.select().from(urls).where(isSame).orderBy(asc(urls.id)).limit(MAX_COMPARED)
  return rows.map(readGuarded)
}
