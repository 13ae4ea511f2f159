import { setTimeout as wait } from 'node:timers/promises'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { ClientBase, QueryResultRow } from 'pg'
import { StartRefused } from '#platform/problem/start-refused.ts'

/** Any number shared by all replicas: they take turns under this transaction-scoped advisory lock. */
const MIGRATION_LOCK = 7_351_804_912

/** SQLSTATE of a statement that gave up waiting for a lock. */
const LOCK_NOT_AVAILABLE = '55P03'

/** The driver gives up on every query of a pool in the end; a migration may take as long as it takes. */
const NO_TIMEOUT_MS = 2 ** 31 - 1

/** How long a migration waits for those who use the same tables. */
export interface Patience {
  /**
   * Longest wait for one lock. Whoever wants the table later queues behind that wait, redirects too: so it is short, and
   * shorter than PostgreSQL's deadlock_timeout, so that it is the migration that gives way and not a request.
   */
  lockTimeoutMs?: number
  /** How often it tries before it gives up. */
  tries?: number
  /** How long those who queued may go on before the next try. */
  pauseMs?: number
  /** Told of each try that failed, before the pause. */
  onBlocked?(why: string): void
}

/** A migration that did not get a lock; nothing was changed. The message says who holds it, and what to do. */
export class MigrationBlocked extends StartRefused {}

/**
 * Brings the schema up to date from the drizzle-kit journal in `folder`, all in one transaction, so a failed
 * migration leaves nothing behind. Replicas that start together wait for one another; the lock belongs to the
 * transaction, not the session, so that it also holds behind PgBouncer. Gives how many migrations ran. Throws
 * {@link MigrationBlocked} when others keep a table locked for longer than its patience (half a minute).
 */
export async function migrate(
  client: ClientBase,
  folder: string,
  { lockTimeoutMs = 500, tries = 20, pauseMs = 1_000, onBlocked = () => undefined }: Patience = {}
): Promise<number> {
  const migrations = readMigrationFiles({ migrationsFolder: folder })
  const run = <R extends QueryResultRow>(text: string, values: unknown[] = []) => {
    // The driver takes its time limit with a query; its types don't know.
    const query = { text, values, query_timeout: NO_TIMEOUT_MS }
    return client.query<R>(query)
  }

  async function apply(): Promise<number> {
    // The table and its columns are drizzle-orm's own, so that drizzle-kit and other tools read the same state.
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

  /** Words for who may hold the lock: the transaction of this database that is open longest. */
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
    // From here on: one replica may migrate for long while the others wait for it above.
    await run(`SET LOCAL lock_timeout = ${lockTimeoutMs}`)
    // Going back to it lets go of the tables, and keeps the turn.
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
