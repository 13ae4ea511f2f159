import { accessSync, constants } from 'node:fs'
import { mkdtemp, readlink, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StartRefused } from '#platform/problem/start-refused.ts'
import { BUNDLED_USER, prepareCluster, readPostmaster, stopLeftover } from './bundled-cluster.ts'
import { findBundledPrograms } from './bundled-programs.ts'
import { type Log, supervise } from './bundled-supervisor.ts'
import { FolderInUse, lockFolder } from './folder-lock.ts'
import { openPrivateFolder } from './private-folder.ts'

/** Options of node-postgres for a PostgreSQL on a Unix socket. They leave nothing to PG… variables. */
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
  /** Allows the process to use the PostgreSQL of a server that runs on the same folder. */
  attach?: boolean
  log: Log
}

/** For a small server: little memory and disk use, and acknowledged changes survive a power failure. */
const SETTINGS = {
  listen_addresses: '',
  shared_buffers: '16MB',
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
  // Errors reach the client that caused them. In the log their statements and details would expose user data.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off'
}

/** Size of sun_path (unix(7)) on macOS, without the final NUL. */
const MAX_SOCKET_PATH = 103
const PORT = 5432

/**
 * Starts the bundled PostgreSQL on `dataDir` as a child process. Its Unix socket is in a folder that only
 * this user may enter. It ends with this process, and restarts when it dies. Throws FolderInUse when another
 * process serves the folder. Throws {@link StartRefused} with its output and a remedy when it cannot start.
 */
export async function startBundledPostgres(options: BundledOptions): Promise<BundledPostgres> {
  const { log } = options
  await openPrivateFolder(options.dataDir, log).catch((error: Error) => {
    throw new StartRefused(
      `DATA_DIR cannot be made: ${error.message}. Set it to a folder that this user may write.`
    )
  })
  // The canonical path, which also identifies the postmaster of a killed process.
  const dataDir = await realpath(options.dataDir)
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
    if (await stopLeftover(dataDir)) log.warn({ dataDir }, 'orphaned PostgreSQL stopped')
    const cluster = await prepareCluster(dataDir, programs, () =>
      log.info({ dataDir }, 'creating the database')
    )
    const host = await makeSocketFolder(dataDir)
    const settings = {
      ...SETTINGS,
      ...pickSharedMemory(),
      max_connections: options.maxConnections
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

/**
 * Makes a folder that only this user may enter, so that the server needs no password. A link in `dataDir`
 * points to it. Removes the folder that a killed process left.
 */
async function makeSocketFolder(dataDir: string): Promise<string> {
  const link = join(dataDir, 'postgresql.socket')
  const left = await readlink(link).catch(() => '')
  if (/\/fairlead-\w+$/.test(left)) await rm(left, { recursive: true, force: true })
  await rm(link, { force: true })
  const prefix = join(tmpdir(), 'fairlead-')
  // mkdtemp adds six characters.
  const longest = `${prefix}XXXXXX/.s.PGSQL.${PORT}`
  const folder = await mkdtemp(Buffer.byteLength(longest) <= MAX_SOCKET_PATH ? prefix : '/tmp/fairlead-')
  await symlink(folder, link)
  return folder
}

/** Without /dev/shm (some containers and jails), PostgreSQL keeps shared memory in files of the cluster. */
function pickSharedMemory(): { dynamic_shared_memory_type: string } {
  try {
    if (process.platform === 'linux') accessSync('/dev/shm', constants.W_OK)
    return { dynamic_shared_memory_type: 'posix' }
  } catch {
    return { dynamic_shared_memory_type: 'mmap' }
  }
}
