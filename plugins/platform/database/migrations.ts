import { setTimeout as wait } from 'node:timers/promises'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { ClientBase, QueryResultRow } from 'pg'
import { StartRefused } from '#platform/problem/start-refused.ts'

/**
 * An arbitrary number for all replicas. This transaction-scoped advisory lock serialises their migrations.
 */
const MIGRATION_LOCK = 7_351_804_912

/** SQLSTATE of a statement whose wait for a lock timed out. */
const LOCK_NOT_AVAILABLE = '55P03'

/** Queries of a pool have a timeout in the driver. A migration may take as long as it needs. */
const NO_TIMEOUT_MS = 2 ** 31 - 1

/** How long a migration waits for other users of the same tables. */
export interface Patience {
  /**
   * Longest wait for one lock. Later statements on the table queue behind that wait, redirects included, so
   * it is short. It is shorter than PostgreSQL's deadlock_timeout, so that a conflict fails the migration and
   * not a request.
   */
  lockTimeoutMs?: number
  /** Number of tries before it gives up. */
  tries?: number
  /** Pause before the next try, in which queued requests run. */
  pauseMs?: number
  /** Called after each failed try, before the pause. */
  onBlocked?(why: string): void
}

/**
 * Thrown when a migration did not get a lock. Nothing has changed. The message names the blocking transaction
 * and the remedy.
 */
export class MigrationBlocked extends StartRefused {}

/**
 * Migrates the schema to the drizzle-kit journal in `folder`, in one transaction, so a failed migration
 * leaves nothing behind. Replicas that start together wait for one another. The lock belongs to the
 * transaction, not the session, so it also works behind PgBouncer. Returns the number of migrations that ran.
 * Throws {@link MigrationBlocked} when another transaction keeps a table locked longer than `Patience` allows
 * (half a minute).
 */
export async function migrate(
  client: ClientBase,
  folder: string,
  { lockTimeoutMs = 500, tries = 20, pauseMs = 1_000, onBlocked = () => undefined }: Patience = {}
): Promise<number> {
  const migrations = readMigrationFiles({ migrationsFolder: folder })
  const run = <R extends QueryResultRow>(text: string, values: unknown[] = []) => {
    // The driver accepts a timeout per query; its types omit it.
    const query = { text, values, query_timeout: NO_TIMEOUT_MS }
    return client.query<R>(query)
  }

  async function apply(): Promise<number> {
    // The table is that of drizzle-orm, so that drizzle-kit and other tools read the same state.
    await run('CREATE SCHEMA IF NOT EXISTS drizzle')
    await run(
      'CREATE TABLE IF NOT EXISTS drizzle.__drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint)'
    )
    const { rows } = await run<{ last: string | null }>(
      'SELECT max(created_at) AS last FROM drizzle.__drizzle_migrations'
    )
    const last = Number(rows[0]?.last ?? 0)
    const pending = migrations.filter((migration) => migration.folderMillis > last)
    for (const migration of pending) {
      for (const statement of migration.sql) await run(statement)
      await run('INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ($1, $2)', [
        migration.hash,
        migration.folderMillis
      ])
    }
    return pending.length
  }

  /** Describes the likely holder of the lock: the oldest open transaction of this database. */
  async function describeBlocker(): Promise<string> {
    const { rows } = await run<{ pid: number; state: string; age: string; name: string }>(
      `SELECT pid, state, date_trunc('second', clock_timestamp() - xact_start)::text AS age, application_name AS name
       FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
         AND backend_type = 'client backend' AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = pg_stat_activity.pid AND relation IS NOT NULL)
       ORDER BY xact_start LIMIT 1`
    )
    const [oldest] = rows
    if (!oldest) return 'a transaction that has ended, or belongs to another user, held it'
    const { pid, state, age, name } = oldest
    return `the oldest transaction is of process ${pid}, ${state}, open for ${age}${name && ` (${name})`}`
  }

  await run('BEGIN')
  try {
    await run('SET LOCAL statement_timeout = 0')
    await run('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
    // Only from here on: the wait above lasts as long as another replica migrates.
    await run(`SET LOCAL lock_timeout = ${lockTimeoutMs}`)
    // Rolling back to this savepoint releases the tables and keeps the advisory lock.
    await run('SAVEPOINT unchanged')
    for (let tried = 1; ; tried++) {
      try {
        const applied = await apply()
        await run('COMMIT')
        return applied
      } catch (error) {
        if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error
        await run('ROLLBACK TO SAVEPOINT unchanged')
        const blocker = await describeBlocker()
        if (tried === tries)
          throw new MigrationBlocked(
            `A migration got no lock in ${tries} tries, and nothing was changed: ${blocker}. ` +
              'End what runs long (SELECT pg_terminate_backend(PID)), or wait for it, and start again.',
            { cause: error }
          )
        onBlocked(blocker)
        await wait(pauseMs)
      }
    }
  } catch (error) {
    await run('ROLLBACK').catch(() => undefined)
    throw error
  }
}
