import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { StartRefused } from '#platform/problem/start-refused.ts'
import type { DatabaseOptions } from './index.ts'

/**
 * Whether the replicas' pools fit into the server. PostgreSQL refuses connections past max_connections, and it
 * does so at the worst moment: when load makes every pool grow. So the sum is done at start instead.
 */
export interface ConnectionBudget {
  /** Processes that each hold a pool: replicas, and the worker. */
  replicas: number
  poolSize: number
  /** max_connections of the server. */
  maxConnections: number
  /** superuser_reserved_connections, and reserved_connections where it exists (PostgreSQL 16). */
  reserved: number
  /** Kept for people, migrations, backups and exporters. */
  margin: number
}

/** Null when the pools fit; else a sentence with the sum and what to change. */
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
 * Compares the pools of all replicas with what the server has. Throws {@link StartRefused} when they do not fit and `options.budget`
 * is `refuse`, else logs a warning.
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
