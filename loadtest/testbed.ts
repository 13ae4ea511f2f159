import { join } from 'node:path'
import pg from 'pg'
import type { Server } from '#testing/server-process.ts'
import { startPostgres, startRedis } from '#testing/servers.ts'
import { pinProcess } from './measured.ts'
import { makeScratch } from './scratch.ts'

/** The storage of measured servers: a PostgreSQL (fsync on) and a Redis for this run only. */
export interface Testbed {
  readonly databaseUrl: string
  readonly redisUrl: string
  /** The parent of the data folders of measured servers; removed when this process ends. */
  readonly folder: string
  /** The environment of a server on this testbed, with Redis or without. */
  env(withRedis: boolean): Record<string, string>
  /** Runs one statement on the database. */
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
  /** Creates another, empty database on the same server: a testbed like this one, removed with it. */
  another(name: string): Promise<Omit<Testbed, 'another' | 'remove'>>
  remove(): Promise<void>
}

export interface TestbedOptions {
  /** The core for the servers; any if undefined. */
  core?: number
  settings?: Record<string, string | number>
}

/** Starts the servers. Throws when PostgreSQL or Redis is not installed. */
export async function startTestbed(options: TestbedOptions = {}): Promise<Testbed> {
  // Processes that these programs start later inherit the core.
  if (options.core !== undefined) pinProcess(process.pid, options.core)
  const settings = { shared_buffers: '512MB', max_wal_size: '4GB', ...options.settings }
  const servers: Server[] = []
  const folder = makeScratch('load')
  try {
    const postgres = await startPostgres(null, {
      installed: true,
      fsync: true,
      maxConnections: 200,
      settings
    })
    servers.push(postgres)
    const redis = await startRedis(null)
    servers.push(redis)
    const pools: pg.Pool[] = []
    let replicas = 0
    const on = (databaseUrl: string) => {
      const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 })
      // Without a listener, the error of a broken idle connection ends this process. The pool replaces the
      // connection.
      pool.on('error', () => undefined)
      pools.push(pool)
      return {
        databaseUrl,
        redisUrl: redis.url,
        folder,
        env: (withRedis: boolean) => ({
          DATABASE_URL: databaseUrl,
          DATA_DIR: join(folder, `replica-${++replicas}`),
          ...(withRedis && { REDIS_URL: redis.url })
        }),
        async query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) {
          return (await pool.query<Row>(text, values)).rows
        }
      }
    }
    const first = on(postgres.url)
    return {
      ...first,
      async another(name) {
        await first.query(`CREATE DATABASE ${name}`)
        const url = new URL(postgres.url)
        url.pathname = `/${name}`
        return on(url.href)
      },
      async remove() {
        await Promise.all(pools.map((pool) => pool.end()))
        await Promise.all(servers.map((server) => server.remove()))
      }
    }
  } catch (error) {
    await Promise.all(servers.map((server) => server.remove()))
    throw error
  }
}
