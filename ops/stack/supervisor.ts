import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, rmSync, writeFileSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { User } from '#testing/server-process.ts'

/** Keeps programs running: what ends unasked is started again, after a pause that grows. */

/** A program of the stack. */
export interface Unit {
  name: string
  /** Where it answers, for people. */
  url: string
  command: string
  args: string[]
  /** All of its environment; this process' own when not said. */
  env?: Record<string, string>
  /** The folder it runs in. */
  cwd?: string
  /** The system's user to run as; this process' own where null or not said. */
  user?: User | null
  /** What asks it to end in good order. */
  stopSignal: NodeJS.Signals
  /** Whether it answers; asked again and again at a start. */
  isReady(): Promise<boolean>
}

export type State = 'stopped' | 'starting' | 'up' | 'stopping' | 'waiting'

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

export interface Supervised {
  readonly unit: Unit
  readonly state: State
  readonly pid: number | undefined
  /** Starts after ends that nobody asked for. */
  readonly restarts: number
  /** Starts it. Resolves when it answers; throws with the end of its log when it does not in time. */
  start(): Promise<void>
  /** Ends it in good order, at once when it takes too long. Resolves with how it ended; null when it was not running. */
  stop(): Promise<Exit | null>
  /** Sends a signal. What ends by it is started again. */
  signal(signal: NodeJS.Signals): void
}

export interface Supervisor {
  /** Takes a program in; it is not started by that. */
  add(unit: Unit): Supervised
  /** Lets the guard go, when all have been stopped. */
  close(): Promise<void>
}

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 25_000
const MIN_PAUSE_MS = 100
const MAX_PAUSE_MS = 5_000
/** A program that ran so long has recovered: its next pause is short again. */
const STABLE_MS = 10_000

/** The time that pauses are measured in; a test has one of its own. */
export interface Time {
  /** Milliseconds that only grow. */
  now(): number
  /** Resolves after so long; rejects when it is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

const REAL_TIME: Time = {
  now: () => performance.now(),
  sleep: (ms, signal) => wait(ms, undefined, { signal, ref: false })
}

/**
 * Makes a supervisor whose logs and process ids are in `folder`. A guard outlives this process to kill what it started
 * when it ends without stopping them, kill -9 included.
 */
export async function createSupervisor(folder: string, time: Time = REAL_TIME): Promise<Supervisor> {
  const [logs, pids] = [join(folder, 'logs'), join(folder, 'pids')]
  await mkdir(logs, { recursive: true })
  await rm(pids, { recursive: true, force: true })
  await mkdir(pids)
  // It waits for its standard input to close.
  const guardScript = 'read -r _; for file in "$0"/*; do kill -9 -"$(cat "$file")" 2> /dev/null; done'
  const guard = spawn('sh', ['-c', guardScript, pids], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true
  })
  guard.unref()

  function add(unit: Unit): Supervised {
    const logFile = join(logs, `${unit.name}.log`)
    const pidFile = join(pids, unit.name)
    let child: ChildProcess | undefined
    let state: State = 'stopped'
    let restarts = 0
    let pauseMs = MIN_PAUSE_MS
    let pause = new AbortController()

    function launch(): void {
      state = 'starting'
      const startedAt = time.now()
      const place = { ...(unit.env && { env: unit.env }), ...(unit.cwd && { cwd: unit.cwd }) }
      const launched = spawn(unit.command, unit.args, {
        ...unit.user,
        ...place,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true
      })
      child = launched
      launched.once('exit', () => void onExit(launched, startedAt))
      launched.once('error', () => void onExit(launched, startedAt))
      const log = createWriteStream(logFile, { flags: 'a' })
      launched.stdout?.pipe(log, { end: false })
      launched.stderr?.pipe(log, { end: false })
      for (const end of ['close', 'error']) launched.once(end, () => log.end())
      // At once, so that it is not written when the program has ended already.
      if (launched.pid !== undefined) writeFileSync(pidFile, `${launched.pid}`)
      void watch(launched)
    }

    /** Has it be up as soon as it answers. */
    async function watch(launched: ChildProcess): Promise<void> {
      const isStarting = () => state === 'starting' && child === launched
      while (isStarting()) {
        if (await unit.isReady()) {
          if (isStarting() && isRunning(launched)) state = 'up'
        } else await wait(50, undefined, { ref: false })
      }
    }

    async function onExit(ended: ChildProcess, startedAt: number): Promise<void> {
      // Whoever stops it cleans up, and may have started it again by the time that this went on.
      if (ended !== child || state === 'stopping' || state === 'stopped') return
      state = 'waiting'
      restarts++
      pause = new AbortController()
      if (time.now() - startedAt > STABLE_MS) pauseMs = MIN_PAUSE_MS
      rmSync(pidFile, { force: true })
      const isDue = await time.sleep(pauseMs, pause.signal).then(
        () => true,
        () => false
      )
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)
      if (isDue && state === 'waiting') launch()
    }

    return {
      unit,
      get state() {
        return state
      },
      get pid() {
        return child && isRunning(child) ? child.pid : undefined
      },
      get restarts() {
        return restarts
      },
      async start() {
        launch()
        const deadline = time.now() + START_TIMEOUT_MS
        // What ends meanwhile is started again.
        while (state === 'starting' || state === 'waiting') {
          if (time.now() > deadline)
            throw new Error(`${unit.name} does not answer at ${unit.url}:\n${await tail(logFile)}`)
          await wait(20)
        }
      },
      async stop() {
        state = 'stopping'
        pause.abort()
        const running = child
        let exit: Exit | null = null
        if (running && isRunning(running)) {
          const exited = once(running, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
          const patience = new AbortController()
          time.sleep(STOP_TIMEOUT_MS, patience.signal).then(
            () => signalGroup(running, 'SIGKILL'),
            () => undefined
          )
          running.kill(unit.stopSignal)
          const [code, signal] = await exited
          patience.abort()
          exit = { code, signal }
        }
        await rm(pidFile, { force: true })
        state = 'stopped'
        return exit
      },
      signal(signal) {
        // What kills or freezes, kills or freezes its helpers too.
        if (child)
          signal === 'SIGKILL' || signal === 'SIGSTOP' || signal === 'SIGCONT'
            ? signalGroup(child, signal)
            : child.kill(signal)
      }
    }
  }

  return {
    add,
    async close() {
      guard.ref()
      guard.stdin?.end()
      if (guard.exitCode === null) await once(guard, 'exit')
    }
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid !== undefined && isRunning(child)) process.kill(-child.pid, signal)
}

async function tail(file: string): Promise<string> {
  return (await readFile(file, 'utf8').catch(() => '')).slice(-2_000)
}
