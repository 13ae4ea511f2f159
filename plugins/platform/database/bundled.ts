import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { FolderInUse, lockFolder } from '#platform/folder-lock.ts'
import { BUNDLED_USER, prepareCluster, readPostmaster, stopLeftover } from './bundled-cluster.ts'
import { type BundledPrograms, findBundledPrograms, noBuild } from './bundled-programs.ts'
import { killWithThisProcess } from './parent-death.ts'
import { StartRefused } from './start-refused.ts'

/** How to reach a PostgreSQL over its Unix socket: options of node-postgres. Nothing is left to PG… variables. */
export interface SocketConnection {
  /** Folder of the socket. */
  host: string
  port: number
  user: string
  database: string
  ssl: false
}

export interface BundledPostgres {
  readonly connection: SocketConnection
  /** Stops PostgreSQL and unlocks the folder. */
  close(): Promise<void>
}

export interface BundledOptions {
  dataDir: string
  maxConnections: number
  /** Settings of PostgreSQL that replace those below. */
  settings?: Record<string, string | number>
  /** Whether a process may use the PostgreSQL of a server that runs on the same folder. */
  attach?: boolean
  log: {
    info(message: string): void
    warn(details: object, message: string): void
  }
}

/** A small server: little memory, little disk, and all that an answer has acknowledged outlives a power cut. */
const SETTINGS = {
  listen_addresses: '',
  shared_buffers: '32MB',
  work_mem: '4MB',
  maintenance_work_mem: '32MB',
  effective_cache_size: '256MB',
  wal_level: 'minimal',
  max_wal_senders: 0,
  min_wal_size: '32MB',
  max_wal_size: '128MB',
  fsync: 'on',
  autovacuum: 'on',
  jit: 'off',
  max_parallel_workers_per_gather: 0,
  max_logical_replication_workers: 0,
  lc_messages: 'C',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Errors reach the client whose statement failed; here their statements and details would quote what users sent.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off'
}

/** sun_path of unix(7) as macOS has it, less the final NUL. */
const MAX_SOCKET_PATH = 103
const PORT = 5432
const MAX_PAUSE_MS = 5_000
const LEFTOVER_MS = 10_000
/** A PostgreSQL that ran for so long starts again at once when it dies. */
const STEADY_MS = 30_000

/**
 * Starts the bundled PostgreSQL on `dataDir`: a child process, reached over a Unix socket in a folder that only its user may
 * enter. It ends with this process, and is started again when it dies alone. Throws FolderInUse when another process serves
 * the folder, and {@link StartRefused} when it cannot start, with its own words and what to do.
 */
export async function startBundledPostgres(options: BundledOptions): Promise<BundledPostgres> {
  const { dataDir, log } = options
  await mkdir(dataDir, { recursive: true, mode: 0o700 }).catch((error: Error) => {
    throw new StartRefused(
      `DATA_DIR cannot be made: ${error.message}. Set it to a folder that this user may write.`
    )
  })
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch {
    throw new StartRefused(
      `DATA_DIR ${dataDir} is read-only, or belongs to another user: set it to a folder that this user may write.`
    )
  }
  let unlock: () => Promise<void>
  try {
    unlock = await lockFolder(dataDir)
  } catch (error) {
    const running = error instanceof FolderInUse && options.attach ? await readPostmaster(dataDir) : null
    if (running === null) throw error
    return { connection: connectionTo(running.host, running.port), close: async () => undefined }
  }
  try {
    const programs = await findBundledPrograms(join(dataDir, 'postgresql.lib'))
    if (await stopLeftover(dataDir))
      log.warn({ dataDir }, 'stopped the PostgreSQL that a killed server left behind')
    const cluster = await prepareCluster(dataDir, programs, () =>
      log.info(`creating the database in ${dataDir}`)
    )
    const host = await makeSocketFolder()
    const settings = {
      ...SETTINGS,
      ...pickSharedMemory(),
      max_connections: options.maxConnections,
      ...options.settings
    }
    const server = supervise(
      programs,
      cluster,
      { ...settings, unix_socket_directories: `"${host.replaceAll('"', '""')}"` },
      log
    )
    const tidy = () => rm(host, { recursive: true, force: true })
    await server.started.catch(async (error) => {
      await tidy()
      throw error
    })
    return {
      connection: connectionTo(host, PORT),
      async close() {
        await server.stop()
        await tidy()
        await unlock()
      }
    }
  } catch (error) {
    await unlock()
    throw error
  }
}

function connectionTo(host: string, port: number): SocketConnection {
  return { host, port, user: BUNDLED_USER, database: 'postgres', ssl: false }
}

/** mkdtemp makes it 0700, so the server needs no password. */
async function makeSocketFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-'))
  if (Buffer.byteLength(`${folder}/.s.PGSQL.${PORT}`) <= MAX_SOCKET_PATH) return folder
  await rm(folder, { recursive: true })
  return mkdtemp('/tmp/fairlead-')
}

/** Without a /dev/shm (some containers and jails) PostgreSQL keeps that memory in files of the cluster. */
function pickSharedMemory(): { dynamic_shared_memory_type: string } {
  try {
    if (process.platform === 'linux') accessSync('/dev/shm', constants.W_OK)
    return { dynamic_shared_memory_type: 'posix' }
  } catch {
    return { dynamic_shared_memory_type: 'mmap' }
  }
}

/** Keeps a postmaster running until `stop`. `started` resolves when the first answers, and rejects when it cannot start. */
function supervise(
  programs: BundledPrograms,
  cluster: string,
  settings: Record<string, string | number>,
  log: BundledOptions['log']
) {
  const args = [
    '-D',
    cluster,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  ]
  let child: ChildProcess | undefined
  let isStopping = false
  let pause: NodeJS.Timeout | undefined

  /** Resolves when it takes connections; rejects with its last words when it ends before. */
  async function launch(): Promise<void> {
    const [file, all] = programs.command('postgres', args)
    // In a session of its own: Ctrl+C reaches this process alone, which still has clicks to store.
    const started = spawn(file, all, {
      env: programs.env,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true
    })
    child = started
    const release = killWithThisProcess(started)
    const lines: string[] = []
    await new Promise<void>((done, fail) => {
      createInterface({ input: started.stderr }).on('line', (line) => {
        lines.push(line)
        lines.splice(0, lines.length - 8)
        if (line.endsWith('database system is ready to accept connections')) done()
        else if (/ (FATAL|PANIC): /.test(line)) log.warn({ line }, 'PostgreSQL reported a problem')
      })
      started.once('error', (error: NodeJS.ErrnoException) =>
        fail(error.code === 'ENOENT' ? noBuild() : error)
      )
      started.once('close', (code, signal) => {
        release()
        fail(new Error(`PostgreSQL ended (${signal ?? code}): ${lines.join('\n')}`))
      })
    })
    const since = performance.now()
    started.once('close', () => restart(performance.now() - since > STEADY_MS ? 0 : 100))
  }

  function restart(pauseMs: number): void {
    if (isStopping) return
    log.warn({ pauseMs }, 'PostgreSQL ended and is started again')
    pause = setTimeout(() => {
      launch().catch((error: Error) => {
        log.warn({ err: error }, 'PostgreSQL did not start')
        restart(Math.min(pauseMs * 2 + 100, MAX_PAUSE_MS))
      })
    }, pauseMs)
  }

  /** A postmaster that was killed leaves processes behind that end when they notice, and hold its memory until then. */
  async function launchFirst(): Promise<void> {
    for (const end = performance.now() + LEFTOVER_MS; ; await wait(100)) {
      try {
        return await launch()
      } catch (error) {
        if (
          performance.now() > end ||
          !/shared memory block .* is still in use/.test((error as Error).message)
        )
          throw error
      }
    }
  }

  return {
    started: launchFirst().catch((error: Error) => {
      if (error instanceof StartRefused) throw error
      throw new StartRefused(
        `The database in ${cluster} does not start. ${error.message}\nFree disk space or memory if they are short; if the folder is damaged, restore a backup into a new DATA_DIR.`,
        { cause: error }
      )
    }),
    async stop(): Promise<void> {
      isStopping = true
      clearTimeout(pause)
      const running = child
      if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
      const gone = once(running, 'close')
      running.kill('SIGINT')
      const impatience = setTimeout(() => running.kill('SIGQUIT'), 10_000)
      await gone
      clearTimeout(impatience)
    }
  }
}
