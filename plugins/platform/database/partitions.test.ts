import { sql } from 'drizzle-orm'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { until } from '#testing/until.ts'
import { dropPartitionsBefore, underMaintenanceLock } from './partitions.ts'

/** Maintenance of partitioned tables. */

const { app } = await startApp(t)
const { database } = app

async function createTable(name: string, partitions: string[]): Promise<void> {
  await database.db.execute(sql.raw(`create table ${name} (day date) partition by list (day)`))
  await database.db.execute(sql.raw(`create table ${name}_default partition of ${name} default`))
  for (const [at, partition] of partitions.entries())
    await database.db.execute(
      sql.raw(`create table ${partition} partition of ${name} for values in ('2000-01-${at + 1}')`)
    )
}

const listTables = async (prefix: string) =>
  (
    await database.db.execute<{ name: string }>(
      sql`select relname as name from pg_class where starts_with(relname, ${prefix}) and relispartition order by 1`
    )
  ).rows.map(({ name }) => name)

t.test('only partitions of earlier days are dropped', async (t) => {
  await createTable('days', ['days_2025_05_31', 'days_2025_06_01', 'days_2025_06_02', 'days_old', 'days_0'])
  t.same(await dropPartitionsBefore(database, 'days', '2025-06-02'), ['days_2025_05_31', 'days_2025_06_01'])
  t.same(await listTables('days_'), ['days_0', 'days_2025_06_02', 'days_default', 'days_old'])
  t.same(await dropPartitionsBefore(database, 'days', '2025-06-02'), [])
})

t.test('the lock of a table excludes other replicas, and no other table', async (t) => {
  await createTable('months', ['months_2025_05'])
  await database.transaction(() =>
    underMaintenanceLock(database, 'months', () =>
      database.outside(async () => {
        t.equal(await underMaintenanceLock(database, 'months', async () => t.fail('runs')), false)
        t.equal(await underMaintenanceLock(database, 'weeks', async () => undefined), true)
        t.same(await dropPartitionsBefore(database, 'months', '2025-06'), [])
      })
    )
  )
  t.same(await listTables('months_'), ['months_2025_05', 'months_default'])
})

t.test('a partition that a session without the lock drops meanwhile is no failure', async (t) => {
  await createTable('years', ['years_2025_05'])
  await database.withClient(async (client) => {
    await client.query('BEGIN; DROP TABLE years_2025_05')
    const dropping = dropPartitionsBefore(database, 'years', '2025-06')
    const waiting = `SELECT FROM pg_locks WHERE relation = 'years'::regclass AND NOT granted`
    await until(async () => (await client.query(waiting)).rowCount)
    await client.query('COMMIT')
    await dropping
  })
  t.same(await listTables('years_'), ['years_default'])
})
