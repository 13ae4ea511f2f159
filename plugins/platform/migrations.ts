import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { PoolClient } from 'pg'

/** Any number shared by all replicas: they take turns under this transaction-scoped advisory lock. */
const MIGRATION_LOCK = 7_351_804_912

/**
 * Brings the schema up to date from the drizzle-kit journal in `folder`, all in one transaction, so a failed
 * migration leaves nothing behind. Replicas that start together wait for one another; the lock belongs to the
 * transaction, not the session, so that it also holds behind PgBouncer. Gives how many migrations ran.
 */
export async function migrate(client: PoolClient, folder: string): Promise<number> {
  const migrations = readMigrationFiles({ migrationsFolder: folder })
  await client.query('BEGIN')
  try {
    await client.query('SET LOCAL statement_timeout = 0')
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
    // The table and its columns are drizzle-orm's own, so that drizzle-kit and other tools read the same state.
    await client.query('CREATE SCHEMA IF NOT EXISTS drizzle')
    await client.query(
      'CREATE TABLE IF NOT EXISTS drizzle.__drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint)'
    )
    const { rows } = await client.query<{ last: string | null }>(
      'SELECT max(created_at) AS last FROM drizzle.__drizzle_migrations'
    )
    const last = Number(rows[0]?.last ?? 0)
    const pending = migrations.filter((migration) => migration.folderMillis > last)
    for (const migration of pending) {
      for (const statement of migration.sql) await client.query(statement)
      await client.query('INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ($1, $2)', [
        migration.hash,
        migration.folderMillis
      ])
    }
    await client.query('COMMIT')
    return pending.length
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}
