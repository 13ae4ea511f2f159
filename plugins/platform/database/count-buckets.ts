import { and, count as countRows, getTableName, gte, type SQL, sql } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import type { Executor } from './index.ts'
import type { BucketCount } from './page-index.ts'
import { prepareQuery } from './prepared.ts'

/**
 * Makes the count function of a page index. It counts the rows of `table` that match `wanted` and have an
 * `id` from `fromId` up. Counts are grouped by buckets of `bucketSize` ids, ascending. It is an index-only
 * scan if all pages are visible.
 */
export function createBucketCounter(
  table: PgTable,
  id: PgColumn,
  wanted?: SQL
): (on: Executor, fromId: number, bucketSize: number) => Promise<BucketCount[]> {
  // Groups by column position: with a second placeholder, PostgreSQL would see two different expressions.
  const count = prepareQuery<BucketCount[]>(
    `count_${getTableName(table)}_buckets`,
    (on) =>
      on
        .select({
          bucket: sql<number>`${id} / ${sql.placeholder('bucketSize')}::bigint`.mapWith(Number),
          rows: countRows()
        })
        .from(table)
        .where(and(wanted, gte(id, sql.placeholder('fromId'))))
        .groupBy(sql`1`)
        .orderBy(sql`1`),
    // A general plan expects a third of the table, and reads its rows instead of an index.
    () => false
  )
  return (on, fromId, bucketSize) => count(on, { fromId, bucketSize })
}
