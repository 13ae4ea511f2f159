import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { StartRefused } from '#platform/problem/start-refused.ts'
import type { DatabaseOptions } from './index.ts'

/**
 * Checks whether the pools of all replicas fit into the server. PostgreSQL refuses connections above
 * max_connections, and load would reveal it when every pool grows. The check therefore runs at the start.
 */
export interface ConnectionBudget {
  /** Number of processes with a pool: replicas and the worker. */
  replicas: number
  poolSize: number
  /** max_connections of the server. */
  maxConnections: number
  /** superuser_reserved_connections, and reserved_connections where it exists (PostgreSQL 16). */
  reserved: number
  /** Connections reserved for operators, migrations, backups and exporters. */
  margin: number
}

/** Null when the pools fit, else a sentence with the sum and what to change. */
export function findOverdraft({
  replicas,
  poolSize,
  maxConnections,
  reserved,
  margin
}: ConnectionBudget): string | null {
  const wanted = replicas * poolSize
  const available = maxConnections - reserved - margin
  if (wanted <= available) return null
  const fitting = Math.floor(available / replicas)
  const advice =
    fitting >= 2
      ? `set DATABASE_POOL_SIZE to ${fitting} or less`
      : 'put PgBouncer in between (DATABASE_POOLER=pgbouncer)'
  return (
    `${replicas} replicas × ${poolSize} connections = ${wanted}, but the server has ${available} to give ` +
    `(max_connections ${maxConnections} − ${reserved} reserved − ${margin} margin): ${advice}, ` +
    'or raise max_connections, or set DATABASE_BUDGET=warn'
  )
}

/**
 * Compares the pools of all replicas with the server's limit. When they do not fit, logs a warning, or throws
 * {@link StartRefused} if `options.budget` is `refuse`.
 */
export async function checkBudget(app: FastifyInstance, pool: Pool, options: DatabaseOptions): Promise<void> {
  const { rows } = await pool.query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings
     WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')`
  )
  const settings = new Map(rows.map(({ name, setting }) => [name, Number(setting)]))
  const maxConnections = settings.get('max_connections') ?? 0
  const reserved =
    (settings.get('superuser_reserved_connections') ?? 0) + (settings.get('reserved_connections') ?? 0)
  const overdraft = findOverdraft({ ...options, maxConnections, reserved })
  if (overdraft === null) return
  if (options.budget === 'refuse') throw new StartRefused(`The database pools are too large: ${overdraft}.`)
  app.log.warn({ overdraft }, 'database pools too large')
}
