import { sql } from 'drizzle-orm'
import type { Database } from './index.ts'

/**
 * Maintenance of partitioned tables. The name of a partition ends in its month or day: `events_2025_06`,
 * `url_visitors_2025_06_04`. Other partitions, such as the default one, are never dropped.
 */

/**
 * Runs `work` in a transaction. Returns false, without running it, if another replica holds the lock of
 * `table`. DDL locks have a short timeout, because every query behind a waiting DROP waits too.
 */
export function underMaintenanceLock(
  database: Database,
  table: string,
  work: () => Promise<unknown>
): Promise<boolean> {
  return database.transaction(async () => {
    const { rows } = await database.db.execute<{ taken: boolean }>(
      sql`select pg_try_advisory_xact_lock(hashtext(${`fairlead.maintenance.${table}`})) as taken`
    )
    if (!rows[0]?.taken) return false
    await database.db.execute(sql`set local lock_timeout = '1s'`)
    await work()
    return true
  })
}

/**
 * Drops the partitions of `table` for times before `oldest`: a month (2025-06) or a day (2025-06-04), as in
 * the names of its partitions. Returns the names of those that it dropped. Throws the driver's errors; the
 * partitions dropped until then stay dropped.
 */
export async function dropPartitionsBefore(
  database: Database,
  table: string,
  oldest: string
): Promise<string[]> {
  const dropped: string[] = []
  for (const { name, of } of await listPartitions(database, table)) {
    if (of >= oldest) continue
    // One transaction per partition: a DROP locks the whole table, so keep it short.
    const isDropped = await underMaintenanceLock(database, table, () =>
      database.db.execute(sql`drop table if exists ${sql.identifier(name)}`)
    )
    if (isDropped) dropped.push(name)
  }
  return dropped
}

/** Lists the partitions of months or days, ascending. */
async function listPartitions(database: Database, table: string): Promise<{ name: string; of: string }[]> {
  const { rows } = await database.db.execute<{ name: string }>(sql`
    select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = ${table}::regclass order by 1`)
  return rows.flatMap(({ name }) => {
    const of = name.slice(table.length + 1).replaceAll('_', '-')
    return /^\d{4}-\d{2}(-\d{2})?$/.test(of) ? [{ name, of }] : []
  })
}
