import { sql } from 'drizzle-orm'
import type { Database, Executor } from '#platform/database/index.ts'
import { visitorSalts } from '#schema/tables/visitor-salts.ts'

/** The SQL of maintenance: salts of days, partitions in advance, and expired partitions. */

/**
 * Returns the salt of a UTC day, given as 2025-06-04: `candidate`, or the one that another replica stored
 * first.
 */
export async function shareSalt(on: Executor, day: string, candidate: Buffer): Promise<Buffer> {
  await on.insert(visitorSalts).values({ day, salt: candidate }).onConflictDoNothing()
  const [row] = await on.select().from(visitorSalts).where(sql`${visitorSalts.day} = ${day}::date`)
  // Deleted between the two statements: the day ended, so the candidate's names can't be reproduced.
  return row?.salt ?? candidate
}

/** Deletes the salts of the days before `day`. */
export async function deleteSalts(on: Executor, day: string): Promise<void> {
  await on.delete(visitorSalts).where(sql`${visitorSalts.day} < ${day}::date`)
}

/**
 * Runs `work` in a transaction. Returns null, without running it, if another replica holds the lock. DDL
 * locks have a short timeout, because every query behind a waiting DROP waits too.
 */
export async function underMaintenanceLock<T>(database: Database, work: () => Promise<T>): Promise<T | null> {
  return database.transaction(async () => {
    const { rows } = await database.db.execute<{ taken: boolean }>(
      sql`select pg_try_advisory_xact_lock(hashtext('fairlead.stats.upkeep')) as taken`
    )
    if (!rows[0]?.taken) return null
    await database.db.execute(sql`set local lock_timeout = '1s'`)
    return work()
  })
}

/**
 * Creates the partitions of events for months, given as 2025-06; moves their rows out of the default
 * partition.
 */
export async function ensureEventsPartitions(on: Executor, months: string[]): Promise<void> {
  const days = months.map((month) => `${month}-01T00:00:00Z`)
  await on.execute(
    sql`select ensure_events_partition(at) from unnest(${sql.param(days)}::timestamptz[]) as at`
  )
}

/**
 * Lists the partitions of `events` (by month) or `url_visitors` (by day): their names and months or days,
 * ascending.
 */
export async function listPartitions(
  on: Executor,
  table: 'events' | 'url_visitors'
): Promise<{ name: string; of: string }[]> {
  const { rows } = await on.execute<{ name: string }>(sql`
    select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = ${table}::regclass order by 1`)
  return rows.flatMap(({ name }) => {
    const of = name.slice(table.length + 1).replaceAll('_', '-')
    return /^\d{4}-\d{2}(-\d{2})?$/.test(of) ? [{ name, of }] : []
  })
}

/** Drops one partition of {@link listPartitions}, whatever its rows. */
export async function dropPartition(on: Executor, name: string): Promise<void> {
  await on.execute(sql`drop table if exists ${sql.identifier(name)}`)
}

/** Deletes the events before a month, given as 2025-06, that are in the default partition. */
export async function deleteStrayEvents(on: Executor, month: string): Promise<void> {
  await on.execute(
    sql`delete from events_default where "timestamp" < ${`${month}-01T00:00:00Z`}::timestamptz`
  )
}
