import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, readdirSync } from 'node:fs'
import { mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { StartRefused } from '#platform/problem/start-refused.ts'
import { BUNDLED_MAJOR, type BundledPrograms, noBuild } from './bundled-programs.ts'
import { killWithThisProcess } from './parent-death.ts'

/** The folder of the bundled PostgreSQL: made at the first start, checked at each, cleared of a dead server's postmaster. */

const FOLDER = 'postgresql'
const DRAFT = 'postgresql.new-'

/** What the bundled PostgreSQL calls its superuser, who owns the tables. */
export const BUNDLED_USER = 'fairlead'

/**
 * Gives the folder of the cluster in `dataDir`, which this process has locked; makes it when there is none and calls `onCreate`
 * before. A cluster that was not made to its end is none: it gets its name when it is whole. Throws {@link StartRefused} for
 * a database that the bundled PostgreSQL does not read, and for one it cannot make.
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

/** Releases before this one kept PGlite, another engine, in a folder of its own. */
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
 * The arguments of initdb for a cluster in `folder` with the superuser `user`. Text sorts and folds by Unicode, the same on every
 * system: that locale comes with PostgreSQL. Only pg_trgm asks the system what a letter is.
 */
export function initdbArguments(folder: string, user: string): string[] {
  return [
    ...['-D', folder, '-U', user, '-A', 'trust', '-E', 'UTF8', '--no-instructions'],
    ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
    `--lc-ctype=${process.platform === 'darwin' ? 'UTF-8' : 'C.UTF-8'}`
  ]
}

/** The line of a program's output that names what went wrong: cleaning up follows it. */
function findReason(output: string): string {
  const lines = output.trim().split('\n')
  return lines.findLast((line) => /error:|FATAL|PANIC/.test(line)) ?? lines.at(-1) ?? ''
}

/** Runs a program to its end. Gives its exit code and the end of what it printed. */
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
    // The loader of a build that this system has no libraries for gives 127.
    if (code === 127) throw noBuild()
    return { code: code ?? 1, output }
  } catch (error) {
    // So does a missing loader (musl) for the program itself.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw noBuild()
    throw error
  } finally {
    release()
  }
}

/** Gives the cluster to the user that PostgreSQL runs as; only root has to, when the way it changes its user has changed. */
async function adopt(cluster: string, owner: number): Promise<void> {
  if ((await stat(cluster)).uid === owner || process.getuid?.() !== 0) return
  chownSync(cluster, owner, owner)
  for (const name of readdirSync(cluster, { recursive: true, encoding: 'utf8' }))
    chownSync(join(cluster, name), owner, owner)
}

/** What a postmaster wrote about itself (PostgreSQL manual, 66.1 "Database File Layout": postmaster.pid). */
export interface Postmaster {
  pid: number
  port: number
  /** Folder of its Unix socket. */
  host: string
}

/** The postmaster that serves the cluster in `dataDir`, or did until it was killed; null when it ended in good order. */
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
 * Stops a postmaster that outlived its server, and removes its file when the process that has its number by now is another. Only
 * the holder of the folder's lock may call this.
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
      // It has ended in this moment.
    }
    for (const end = performance.now() + waitMs; performance.now() < end && (await isAlive()); )
      await wait(20)
  }
  await rm(join(dataDir, FOLDER, 'postmaster.pid'), { force: true })
  return wasAlive
}

/** Whether process `pid` is a postmaster of `cluster`. */
async function serves(pid: number, cluster: string): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null)
  if (command !== null) return command.includes('postgres\0') && command.includes(`\0${cluster}\0`)
  // No /proc (macOS): ask ps(1).
  const ps = spawn('ps', ['-o', 'command=', '-p', `${pid}`], { stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  ps.stdout.on('data', (chunk) => {
    output += chunk
  })
  await once(ps, 'close').catch(() => undefined)
  return output.includes(cluster)
}
