import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { accepts, answersPing, answersQuery } from './answers.ts'
import type { User } from './launch.ts'
import { findPostgres, initialize } from './postgres-programs.ts'
import { findCommand, ServerMissing } from './programs.ts'
import { findPort, findUser, makeFolder, runServer, type Server } from './server-process.ts'

/**
 * Real servers for one test, which may kill, freeze and restart them. Each function takes the test that
 * removes the server, or null if the caller calls `remove` itself. Throws {@link ServerMissing}.
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
  { aof = false, port: wanted, args: more = [] }: RedisOptions = {}
): Promise<Server> {
  const command = findCommand('redis-server') ?? findCommand('valkey-server')
  if (!command) throw new ServerMissing('redis-server is not installed')
  const folder = await makeFolder('redis', null)
  const port = wanted ?? (await findPort())
  const args = ['--bind', '127.0.0.1', '--port', `${port}`, '--dir', folder, '--save', '', ...more]
  if (aof) args.push('--appendonly', 'yes', '--appendfsync', 'always')
  const server = await runServer({
    url: `redis://127.0.0.1:${port}/0`,
    port,
    folder,
    command,
    args,
    user: null,
    stopSignal: 'SIGTERM',
    isReady: () => answersPing(port)
  })
  return removedWith(t, server)
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
  const { owner, user, env } = postgres
  const folder = await makeFolder('postgres', owner)
  const port = await findPort()
  const data = join(folder, 'data')
  if (makeData) makeData(data, user)
  else initialize(postgres, data, installed)
  const all = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: maxConnections,
    fsync: fsync ? 'on' : 'off',
    ...(!fsync && { synchronous_commit: 'off', full_page_writes: 'off' }),
    ...settings
  }
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const [command, args] = postgres.command('postgres', ['-D', data, ...options])
  const server = await runServer({
    url,
    port,
    folder,
    command,
    args,
    user,
    ...(env && { env }),
    stopSignal: 'SIGINT',
    isReady: () => answersQuery(url, 'SELECT 1')
  })
  return removedWith(t, server)
}

export interface PgbouncerOptions {
  /** Connections that it keeps to each database. */
  poolSize?: number
  maxClients?: number
}

/**
 * Starts a PgBouncer in transaction mode before the PostgreSQL at `target`; its `url` has the same database.
 */
export async function startPgbouncer(
  t: Test | null,
  target: string,
  { poolSize = 10, maxClients = 500 }: PgbouncerOptions = {}
): Promise<Server> {
  const command = findCommand('pgbouncer')
  if (!command) throw new ServerMissing('pgbouncer is not installed')
  const user = await findUser('postgres', 'nobody')
  const folder = await makeFolder('pgbouncer', user)
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
max_client_conn = ${maxClients}
ignore_startup_parameters = extra_float_digits
`
  )
  const url = `postgres://postgres@127.0.0.1:${port}${pathname}`
  const server = await runServer({
    url,
    port,
    folder,
    command,
    args: ['-q', settings],
    user,
    stopSignal: 'SIGINT',
    isReady: () => answersQuery(url, 'SELECT 1')
  })
  return removedWith(t, server)
}

/** Starts an nginx with the configuration that `configure` returns for a port and a folder for its files. */
export async function startNginx(
  t: Test | null,
  configure: (port: number, folder: string) => string
): Promise<Server> {
  const command = findCommand('nginx')
  if (!command) throw new ServerMissing('nginx is not installed')
  const folder = await makeFolder('nginx', null)
  const port = await findPort()
  await writeFile(join(folder, 'nginx.conf'), configure(port, folder))
  const server = await runServer({
    url: `http://127.0.0.1:${port}`,
    port,
    folder,
    command,
    args: ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr', '-g', 'daemon off;'],
    user: null,
    stopSignal: 'SIGQUIT',
    isReady: () => accepts(port)
  })
  return removedWith(t, server)
}

function removedWith(t: Test | null, server: Server): Server {
  t?.teardown(() => server.remove())
  return server
}
