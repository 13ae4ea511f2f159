import { getTableColumns, sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import { columnOf } from '#platform/database/sql-column.ts'
import { type UrlRow, urls } from '#schema/tables/urls.ts'
import { readGuarded } from './guard.ts'

/**
 * Counts visits of locked links that have a limit. A link that is used up by them gets a new version, so that
 * caches look it up again. Returns the new rows, in any order.
 */
export async function addVisits(
  on: Executor,
  visits: readonly { id: number; count: number }[]
): Promise<UrlRow[]> {
  if (visits.length === 0) return []
  const used = sql`${urls.visitsUsed} + added.count`
  const rows = await on
    .update(urls)
    .set({
      visitsUsed: used,
      version: sql`${urls.version} + case when ${used} >= ${urls.maxVisits} then 1 else 0 end`
    })
    .from(
      sql`unnest(
        ${columnOf(visits, ({ id }) => id)}::bigint[],
        ${columnOf(visits, ({ count }) => count)}::bigint[]
      ) as added(id, count)`
    )
    .where(sql`${urls.id} = added.id`)
    .returning(getTableColumns(urls))
  return rows.map(readGuarded)
}
