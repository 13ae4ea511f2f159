import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import pg from 'pg'
import type { Test } from 'tap'
import { initdbArguments } from '#platform/database/bundled-cluster.ts'
import { findBundledPrograms } from '#platform/database/bundled-programs.ts'
import { findPort, findUser, makeFolder, runServer, type Server, type User } from './server-process.ts'

/**
 * Real servers of a test's own, which it may kill, freeze and start again. Each function takes the test that the
 * server is removed with, or null where the caller calls `remove` itself, and throws {@link ServerMissing}.
 */

/** Thrown when a program is not installed. */
export class ServerMissing extends Error {
  override readonly name = 'ServerMissing'
}

/**
 * For tap's `skip` option: false when `command` is installed, else why the test can't run. Throws in a run that must
 * have everything (REQUIRE_SERVERS).
 */
export function missing(command: string): false | string {
  if (findCommand(command)) return false
  const reason = `${command} is not installed`
  // biome-ignore lint/style/noProcessEnv: the test runner says by environment what it started
  if (process.env['REQUIRE_SERVERS']) throw new ServerMissing(reason)
  return reason
}

export interface RedisOptions {
  /** Whether it fsyncs every write, and so has its data after a kill. */
  aof?: boolean
  /** Any that is free when not said. */
  port?: number
  /** More of what redis-server takes. */
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
  /** Whether what it has acknowledged outlives the machine; without, it is a good deal faster. */
  fsync?: boolean
  maxConnections?: number
  /** More of what postgresql.conf takes. */
  settings?: Record<string, string | number>
  /** Whether to take the newest version that the system has installed, with its tools, instead of the bundled one. */
  installed?: boolean
  /** Makes the data folder of an installed one as `user`: a restored or a copied one; an empty cluster when not said. */
  makeData?(data: string, user: User | null): void
}

/** A PostgreSQL before it has data: how its programs run, and the user that owns its files. */
interface Postgres {
  /** Whom the folder belongs to; this process' own user where null. */
  owner: User | null
  /** The user to start it as, where the command does not change users itself. */
  user: User | null
  env?: Record<string, string>
  command(program: string, args: string[]): [file: string, args: string[]]
}

async function findPostgres(installed: boolean): Promise<Postgres> {
  if (!installed) {
    const links = join(tmpdir(), `fairlead-postgres-${process.pid}`)
    const { owner, env, command } = await findBundledPrograms(links)
    return {
      owner: owner === process.getuid?.() ? null : { uid: owner, gid: owner },
      user: null,
      env,
      command
    }
  }
  if (!findCommand('postgres')) throw new ServerMissing('postgres is not installed')
  // It refuses to run as root.
  const user = await findUser('postgres', 'nobody')
  return { owner: user, user, command: (program, args) => [findCommand(program) ?? program, args] }
}

/** Starts a PostgreSQL whose superuser is `postgres`. */
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

function initialize(postgres: Postgres, data: string, installed: boolean): void {
  const args = installed
    ? ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C']
    : initdbArguments(data, 'postgres')
  const { user, env } = postgres
  const [command, all] = postgres.command('initdb', [...args, '--no-sync'])
  const made = spawnSync(command, all, { ...user, ...(env && { env }), encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr || made.error?.message}`)
}

export interface PgbouncerOptions {
  /** Connections it keeps to each database. */
  poolSize?: number
  maxClients?: number
}

/** Starts a PgBouncer in transaction mode before the PostgreSQL at `target`; `url` leads to the same database. */
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

/** Starts an nginx with the configuration that `configure` gives for a port and a folder for its files. */
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

/** Where `name` is installed: on PATH, in the folders of system programs, in Debian's folders of PostgreSQL versions. */
export function findCommand(name: string): string | null {
  const versions = '/usr/lib/postgresql'
  const newestFirst = existsSync(versions) ? readdirSync(versions).sort((a, b) => Number(b) - Number(a)) : []
  // biome-ignore lint/style/noProcessEnv: programs are where the system's PATH says
  const onPath = (process.env['PATH'] ?? '').split(delimiter)
  const folders = [...newestFirst.map((version) => join(versions, version, 'bin')), ...onPath]
  folders.push('/usr/sbin', '/usr/local/sbin')
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null
}

function removedWith(t: Test | null, server: Server): Server {
  t?.teardown(() => server.remove())
  return server
}

/** Whether the PostgreSQL, or what stands before it, answers `query`. */
export async function answersQuery(connectionString: string, query: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 1_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query(query)
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Whether the Redis at `port` answers a ping; while it loads its file it says otherwise. */
export function answersPing(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (answer) => {
      done(answer.toString().startsWith('+PONG'))
      socket.destroy()
    })
    socket.once('error', () => done(false))
    socket.once('close', () => done(false))
  })
}

function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => {
      done(true)
      socket.destroy()
    })
    socket.once('error', () => done(false))
  })
}
