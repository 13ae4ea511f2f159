import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { answersQuery } from './answers.ts'
import { makeFolder } from './folder.ts'
import type { User } from './launch.ts'
import { findPostgres, initialize } from './postgres-programs.ts'
import { need } from './programs.ts'
import { findPort, findUser, runServer, type Server } from './server-process.ts'
import { nginxProgram, type Program, postgresProgram, redisProgram } from './server-programs.ts'

/**
 * Real servers for one test, which may kill, freeze and restart them. Each function takes the test that
 * removes the server, or null if the caller calls `remove` itself. Throws when the program is not installed.
 */

export interface RedisOptions {
  /** True to fsync every write, so that data survives a kill. */
  aof?: boolean
  /** Any free port by default. */
  port?: number
  /** Additional arguments of redis-server. */
  args?: string[]
}

/** Starts a Redis. */
export async function startRedis(
  t: Test | null,
  { aof = false, port: wanted, args = [] }: RedisOptions = {}
): Promise<Server> {
  const folder = await makeFolder(null)
  const durable = aof ? ['--appendonly', 'yes', '--appendfsync', 'always'] : []
  const port = wanted ?? (await findPort())
  return runServer(t, redisProgram(port, folder, ['--save', '', ...args, ...durable]), folder)
}

export interface PostgresOptions {
  /** True to keep acknowledged data over a power cut; without it, the server is much faster. */
  fsync?: boolean
  maxConnections?: number
  /** Additional settings of postgresql.conf. */
  settings?: Record<string, string | number>
  /** True to use the newest version installed on the system, with its tools, instead of the bundled one. */
  installed?: boolean
  /**
   * Creates the data folder of an installed version as `user`, restored or copied; an empty cluster by
   * default.
   */
  makeData?(data: string, user: User | null): void
}

/** Starts a PostgreSQL with the superuser `postgres`. */
export async function startPostgres(
  t: Test | null,
  { fsync = false, maxConnections = 100, settings = {}, installed = false, makeData }: PostgresOptions = {}
): Promise<Server> {
  const postgres = await findPostgres(installed)
  const folder = await makeFolder(null, postgres.owner)
  const [data, port] = [join(folder, 'data'), await findPort()]
  if (makeData) makeData(data, postgres.user)
  else initialize(postgres, data, installed)
  const program = postgresProgram(
    postgres,
    { data, port, superuser: 'postgres' },
    {
      max_connections: maxConnections,
      fsync: fsync ? 'on' : 'off',
      ...(!fsync && { synchronous_commit: 'off', full_page_writes: 'off' }),
      ...settings
    }
  )
  return runServer(t, program, folder)
}

/**
 * Starts a PgBouncer in transaction mode before the PostgreSQL at `target`; its `url` has the same database.
 * It keeps `poolSize` connections to each database.
 */
export async function startPgbouncer(
  t: Test | null,
  target: string,
  { poolSize = 10 } = {}
): Promise<Server> {
  const command = need('pgbouncer')
  const user = await findUser('postgres', 'nobody')
  const folder = await makeFolder(null, user)
  const port = await findPort()
  const { hostname, port: targetPort, username, pathname } = new URL(target)
  const settings = join(folder, 'pgbouncer.ini')
  await writeFile(
    settings,
    `[databases]
* = host=${hostname} port=${targetPort || 5432} user=${username || 'postgres'}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 500
ignore_startup_parameters = extra_float_digits
`
  )
  const url = `postgres://postgres@127.0.0.1:${port}${pathname}`
  const program: Program = {
    url,
    command,
    args: ['-q', settings],
    user,
    stopSignal: 'SIGINT',
    isReady: () => answersQuery(url)
  }
  return runServer(t, program, folder)
}

/** Starts an nginx with the configuration that `configure` returns for a port and a folder for its files. */
export async function startNginx(
  t: Test | null,
  configure: (port: number, folder: string) => string
): Promise<Server> {
  const folder = await makeFolder(null)
  const port = await findPort()
  await writeFile(join(folder, 'nginx.conf'), configure(port, folder))
  return runServer(t, nginxProgram(port, folder), folder)
}
