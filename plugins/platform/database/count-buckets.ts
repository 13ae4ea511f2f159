import { and, count, gte, type SQL, sql } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import type { Executor } from './index.ts'
import type { BucketCount } from './page-index.ts'

/**
 * What a page index counts with: the rows of `table` that match `wanted` and have an `id` from `fromId` on, by
 * buckets of `bucketSize` ids, ascending. An index-only scan where the pages are all visible.
 */
export async function countBuckets(
  on: Executor,
  { table, id, wanted }: { table: PgTable; id: PgColumn; wanted?: SQL | undefined },
  fromId: number,
  bucketSize: number
): Promise<BucketCount[]> {
  // Grouped by place in the list: as a parameter the size would make two expressions that look different.
  return on
    .select({ bucket: sql<number>`${id} / ${bucketSize}::bigint`.mapWith(Number), rows: count() })
    .from(table)
    .where(and(wanted, gte(id, fromId)))
    .groupBy(sql`1`)
    .orderBy(sql`1`)
}
