import { once } from 'node:events'
import { chmod, chown, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Launched, launch, patienceOf, type User } from './launch.ts'

/** A server program run by a test: what real PostgreSQL, Redis, PgBouncer and nginx have in common. */

/** A real server of a test's own. It keeps its port and its folder over stops, kills and starts. */
export interface Server {
  readonly url: string
  readonly port: number
  /** Where its data and its `server.log` are. */
  readonly folder: string
  /** Starts it again after {@link stop} or {@link kill}. Resolves when it answers. */
  start(): Promise<void>
  /** Ends it in good order, with its clients cut off. Resolves when it is gone. */
  stop(): Promise<void>
  /** Ends it at once, as `kill -9` or a power cut does. Resolves when it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Freezes it: connections stay open and nothing answers. */
  freeze(): void
  thaw(): void
  /** Kills it and deletes its folder. */
  remove(): Promise<void>
}

export interface Program {
  url: string
  port: number
  folder: string
  command: string
  args: string[]
  /** The system's user to run as; this process' own where null. */
  user: User | null
  /** Its environment; this process' own when not said. */
  env?: Record<string, string>
  /** What asks it to end in good order. */
  stopSignal: NodeJS.Signals
  /** Whether it answers; asked again and again at a start. */
  isReady(): Promise<boolean>
}

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 10_000

/** Starts `program` and gives the handle. Throws with the end of its log when it does not come to answer. */
export async function runServer(program: Program): Promise<Server> {
  const logFile = join(program.folder, 'server.log')
  const { command, args, user, folder } = program
  const options = { command, args, user, folder, logFile, ...(program.env && { env: program.env }) }
  let launched: Launched | undefined

  async function start(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS
    do {
      const now = launch(options)
      launched = now
      while (now.isRunning() && performance.now() < deadline) {
        if (await program.isReady()) return now.unref()
        await wait(20)
      }
      // A PostgreSQL whose predecessor was killed refuses to start until the last of its processes has noticed.
    } while (await isWorthRetrying(logFile, deadline))
    await kill()
    throw new Error(`${command} does not answer at port ${program.port}:\n${await tail(logFile)}`)
  }

  async function stop(signal: NodeJS.Signals): Promise<void> {
    if (launched?.isRunning()) await launched.stop(signal, patienceOf(STOP_TIMEOUT_MS))
  }

  const kill = (signal: NodeJS.Signals = 'SIGKILL') => stop(signal)

  await start()
  return {
    url: program.url,
    port: program.port,
    folder: program.folder,
    start,
    stop: () => stop(program.stopSignal),
    kill,
    freeze: () => launched?.signal('SIGSTOP'),
    thaw: () => launched?.signal('SIGCONT'),
    remove: async () => {
      await kill()
      await rm(program.folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}

/** Makes a folder for temporary files that belongs to `user` and that others can pass through. */
export async function makeFolder(name: string, user: User | null): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `fairlead-${name}-`))
  await chmod(folder, 0o755)
  if (user) await chown(folder, user.uid, user.gid)
  return folder
}

/** Gives the first of `names` that is a user of this system; null where this process is not root and needs none. */
export async function findUser(...names: string[]): Promise<User | null> {
  if (process.getuid?.() !== 0) return null
  const rows = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  for (const name of names) {
    const row = rows.find(([user]) => user === name)
    if (row) return { uid: Number(row[2]), gid: Number(row[3]) }
  }
  throw new Error(`There is none of the users ${names.join(', ')} to run a server as`)
}

/** Ports below the range out of which systems take the ports of clients. */
const PORTS = { first: 20_000, end: 32_000 }
/** Those that this process was given: a server that is being started does not listen yet. */
const given = new Set<number>()

/**
 * A port that nobody listens on now, and that no client gets: so it is still free when a server that was stopped
 * starts again. So is the port `alsoAt` after it, for a server that listens on both.
 */
export async function findPort(alsoAt = 0): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = PORTS.first + Math.floor(Math.random() * (PORTS.end - alsoAt - PORTS.first))
    const wanted = [...new Set([port, port + alsoAt])]
    if (wanted.some((one) => given.has(one))) continue
    for (const one of wanted) given.add(one)
    const free = await Promise.all(wanted.map(isFree))
    if (free.every(Boolean)) return port
  }
  throw new Error('No free port was found')
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const listens = await new Promise<boolean>((done) => {
    server.once('error', () => done(false))
    server.listen(port, '127.0.0.1', () => done(true))
  })
  if (!listens) return false
  server.close()
  await once(server, 'close')
  return true
}

async function isWorthRetrying(logFile: string, deadline: number): Promise<boolean> {
  if (performance.now() > deadline) return false
  await wait(100)
  return /shared memory block .* is still in use|lock file "postmaster.pid"/.test(await tail(logFile))
}

async function tail(logFile: string): Promise<string> {
  return (await readFile(logFile, 'utf8').catch(() => '')).slice(-2_000)
}
