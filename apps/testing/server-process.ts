import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'
import { type Launched, launch, patienceOf, type User } from './launch.ts'
import type { Program } from './server-programs.ts'

/** Runs a server program for a test: the common part of real PostgreSQL, Redis, PgBouncer and nginx. */

/** A real server for one test. It keeps its port and its folder over stops, kills and starts. */
export interface Server {
  readonly url: string
  readonly port: number
  /** The folder of its data and `server.log`. */
  readonly folder: string
  /** Starts it again after {@link stop} or {@link kill}. Resolves when it answers. */
  start(): Promise<void>
  /** Shuts it down cleanly and cuts off its clients. Resolves when it has ended. */
  stop(): Promise<void>
  /** Kills it, as `kill -9` or a power cut does. Resolves when it has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Freezes it: connections stay open and it does not answer. */
  freeze(): void
  thaw(): void
  /** Kills it and deletes its folder. */
  remove(): Promise<void>
}

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 10_000

/**
 * Starts `program` in `folder` and returns the server, which is removed with `t`. Throws the end of its log
 * if it does not answer.
 */
export async function runServer(t: Test | null, program: Program, folder: string): Promise<Server> {
  const logFile = join(folder, 'server.log')
  const { url, command } = program
  let launched: Launched | undefined

  async function start(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS
    do {
      const now = launch({ ...program, folder, logFile })
      launched = now
      while (now.isRunning() && performance.now() < deadline) {
        if (await program.isReady()) return now.unref()
        await wait(20)
      }
      // After a kill, PostgreSQL refuses to start until the last of its old processes has noticed.
    } while (await isWorthRetrying(logFile, deadline))
    await kill()
    throw new Error(`${command} does not answer at ${url}:\n${await tail(logFile)}`)
  }

  async function stop(signal: NodeJS.Signals): Promise<void> {
    if (launched?.isRunning()) await launched.stop(signal, patienceOf(STOP_TIMEOUT_MS))
  }

  const kill = (signal: NodeJS.Signals = 'SIGKILL') => stop(signal)

  await start()
  const server = {
    url,
    port: Number(new URL(url).port),
    folder,
    start,
    stop: () => stop(program.stopSignal),
    kill,
    freeze: () => launched?.signal('SIGSTOP'),
    thaw: () => launched?.signal('SIGCONT'),
    remove: async () => {
      await kill()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }
  t?.teardown(() => server.remove())
  return server
}

/**
 * Returns the first of `names` that is a user of this system; null if this process is not root and needs
 * none.
 */
export async function findUser(...names: string[]): Promise<User | null> {
  if (process.getuid?.() !== 0) return null
  const rows = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  for (const name of names) {
    const row = rows.find(([user]) => user === name)
    if (row) return { uid: Number(row[2]), gid: Number(row[3]) }
  }
  throw new Error(`There is none of the users ${names.join(', ')} to run a server as`)
}

/** Ports below the range that systems use for clients. */
const PORTS = { first: 20_000, end: 32_000 }
/** Ports that this process has returned: a starting server does not listen yet. */
const given = new Set<number>()

/**
 * Returns an unused port that no client gets, so it is still free when a stopped server starts again. The
 * port `alsoAt` after it is free too, for a server that listens on both.
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
