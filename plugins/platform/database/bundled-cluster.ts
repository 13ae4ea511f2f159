import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, readdirSync } from 'node:fs'
import { mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { StartRefused } from '#platform/problem/start-refused.ts'
import { BUNDLED_MAJOR, type BundledPrograms, noBuild } from './bundled-programs.ts'
import { killWithThisProcess } from './parent-death.ts'

/**
 * Manages the data directory of the bundled PostgreSQL: creates it at the first start, checks it at each
 * start, and stops the postmaster of a dead server.
 */

const FOLDER = 'postgresql'
const DRAFT = 'postgresql.new-'

/** The superuser of the bundled PostgreSQL, and owner of the tables. */
export const BUNDLED_USER = 'fairlead'

/**
 * Returns the cluster's folder in `dataDir`, which this process must have locked. If there is no complete
 * cluster, calls `onCreate` and creates one. A cluster gets its final name once it is complete. Throws
 * {@link StartRefused} for a database that the bundled PostgreSQL cannot read, and for one it cannot create.
 */
export async function prepareCluster(
  dataDir: string,
  programs: BundledPrograms,
  onCreate: () => void
): Promise<string> {
  const cluster = join(dataDir, FOLDER)
  const version = await readVersion(cluster)
  if (version === null) {
    await refusePglite(dataDir)
    onCreate()
    await createCluster(dataDir, cluster, programs)
  } else if (version !== BUNDLED_MAJOR) {
    throw new StartRefused(
      `${cluster} is a database of PostgreSQL ${version}, and this release brings ${BUNDLED_MAJOR}. With the release that wrote it run ` +
        '`npm run cli -- backup FOLDER`; then set DATA_DIR to a new folder and, with this release, run `npm run cli -- restore FOLDER`.'
    )
  }
  await adopt(cluster, programs.owner)
  return cluster
}

async function readVersion(cluster: string): Promise<string | null> {
  try {
    return (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Earlier releases stored data with PGlite, a different engine, in a separate folder. */
async function refusePglite(dataDir: string): Promise<void> {
  const folder = join(dataDir, 'postgres')
  if ((await readVersion(folder)) === null) return
  throw new StartRefused(
    `${folder} is a PGlite database of an earlier release, which this one does not read. With that release run ` +
      '`npm run cli -- export FOLDER`; then set DATA_DIR to a new folder and, with this release, run `npm run cli -- import FOLDER`.'
  )
}

async function createCluster(dataDir: string, cluster: string, programs: BundledPrograms): Promise<void> {
  for (const name of await readdir(dataDir))
    if (name.startsWith(DRAFT)) await rm(join(dataDir, name), { recursive: true, force: true, maxRetries: 5 })
  const draft = await mkdtemp(join(dataDir, DRAFT))
  await adopt(draft, programs.owner)
  try {
    const made = await runProgram(programs, 'initdb', initdbArguments(draft, BUNDLED_USER))
    if (made.code !== 0) {
      throw new StartRefused(
        `The database in ${dataDir} could not be created: ${findReason(made.output)}\n` +
          'Make room or mend the folder, or set DATA_DIR to another; then start again.'
      )
    }
    await rename(draft, cluster)
    const folder = await open(dataDir, 'r')
    await folder.sync().finally(() => folder.close())
  } finally {
    await rm(draft, { recursive: true, force: true, maxRetries: 5 })
  }
}

/**
 * The arguments of initdb for a cluster in `folder` with the superuser `user`. Text sorts and folds by
 * Unicode on every system, because the builtin locale comes with PostgreSQL. Only pg_trgm uses the system's
 * locale to recognise letters.
 */
export function initdbArguments(folder: string, user: string): string[] {
  return [
    ...['-D', folder, '-U', user, '-A', 'trust', '-E', 'UTF8', '--no-instructions'],
    ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
    `--lc-ctype=${process.platform === 'darwin' ? 'UTF-8' : 'C.UTF-8'}`
  ]
}

/** The line of a program's output that states the error. Messages about the cleanup follow it. */
function findReason(output: string): string {
  const lines = output.trim().split('\n')
  return lines.findLast((line) => /error:|FATAL|PANIC/.test(line)) ?? lines.at(-1) ?? ''
}

/** Runs a program until it exits. Returns its exit code and the end of its output. */
async function runProgram(
  programs: BundledPrograms,
  program: string,
  args: string[]
): Promise<{ code: number; output: string }> {
  const [file, all] = programs.command(program, args)
  const child = spawn(file, all, { env: programs.env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output = `${output}${chunk}`.slice(-4_000)
    })
  const release = killWithThisProcess(child)
  try {
    const [code] = await once(child, 'close')
    // The loader exits with 127 when the system lacks libraries of the build.
    if (code === 127) throw noBuild()
    return { code: code ?? 1, output }
  } catch (error) {
    // A missing loader (musl) causes ENOENT for the program itself.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw noBuild()
    throw error
  } finally {
    release()
  }
}

/**
 * Changes the owner of the cluster to the user that runs PostgreSQL. Only root needs this, when its way of
 * changing users differs from last time.
 */
async function adopt(cluster: string, owner: number): Promise<void> {
  if ((await stat(cluster)).uid === owner || process.getuid?.() !== 0) return
  chownSync(cluster, owner, owner)
  for (const name of readdirSync(cluster, { recursive: true, encoding: 'utf8' }))
    chownSync(join(cluster, name), owner, owner)
}

/** Contents of postmaster.pid (PostgreSQL manual, 66.1 "Database File Layout"). */
export interface Postmaster {
  pid: number
  port: number
  /** Folder of the postmaster's Unix socket. */
  host: string
}

/**
 * The postmaster that serves the cluster in `dataDir`, or served it when killed. Null after a clean shutdown.
 */
export async function readPostmaster(dataDir: string): Promise<Postmaster | null> {
  const text = await readFile(join(dataDir, FOLDER, 'postmaster.pid'), 'utf8').catch(() => '')
  const [pid, , , port, host] = text.split('\n')
  return pid && port && host ? { pid: Number(pid), port: Number(port), host } : null
}

const STOP_STEPS: [signal: NodeJS.Signals, waitMs: number][] = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000]
]

/**
 * Stops a postmaster that outlived its server. Removes its file, also when another process has its id by now.
 * The caller must hold the folder's lock. Returns true if the postmaster was alive.
 */
export async function stopLeftover(dataDir: string): Promise<boolean> {
  const left = await readPostmaster(dataDir)
  if (left === null) return false
  const isAlive = () => serves(left.pid, join(dataDir, FOLDER))
  const wasAlive = await isAlive()
  for (const [signal, waitMs] of STOP_STEPS) {
    if (!(await isAlive())) break
    try {
      process.kill(left.pid, signal)
    } catch {
      // The process has just ended.
    }
    for (const end = performance.now() + waitMs; performance.now() < end && (await isAlive()); )
      await wait(20)
  }
  await rm(join(dataDir, FOLDER, 'postmaster.pid'), { force: true })
  return wasAlive
}

/** True if process `pid` is a postmaster of `cluster`. */
async function serves(pid: number, cluster: string): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null)
  if (command !== null) return command.includes('postgres\0') && command.includes(`\0${cluster}\0`)
  // Systems without /proc (macOS) need ps(1).
  const ps = spawn('ps', ['-o', 'command=', '-p', `${pid}`], { stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  ps.stdout.on('data', (chunk) => {
    output += chunk
  })
  await once(ps, 'close').catch(() => undefined)
  return output.includes(cluster)
}
