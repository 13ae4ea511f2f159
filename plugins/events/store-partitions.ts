import { sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'

/** The SQL of the partitions of `events`. Months are their starts, in milliseconds since the epoch. */

/**
 * Creates the missing partitions of months; moves their rows out of the default partition. Costs almost
 * nothing if they exist.
 */
export async function ensurePartitions(on: Executor, months: Iterable<number>): Promise<void> {
  const times = Array.from(months, (month) => new Date(month).toISOString())
  await on.execute(
    sql`select ensure_events_partition(at) from unnest(${sql.param(times)}::timestamptz[]) as at`
  )
}

/** Deletes the events before a month that are in the default partition. */
export async function deleteStrayEvents(on: Executor, month: number): Promise<void> {
  await on.execute(
    sql`delete from events_default where "timestamp" < ${new Date(month).toISOString()}::timestamptz`
  )
}
