import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Exit, type Launched, launch, type User } from '#testing/launch.ts'

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

/** Makes a supervisor whose logs are in `folder`. What it started ends with this process. */
export async function createSupervisor(folder: string, time: Time = REAL_TIME): Promise<Supervisor> {
  const logs = join(folder, 'logs')
  await mkdir(logs, { recursive: true })

  function add(unit: Unit): Supervised {
    const logFile = join(logs, `${unit.name}.log`)
    let launched: Launched | undefined
    let state: State = 'stopped'
    let restarts = 0
    let pauseMs = MIN_PAUSE_MS
    let pause = new AbortController()

    function run(): void {
      state = 'starting'
      const startedAt = time.now()
      const now = launch({ ...unit, logFile })
      launched = now
      void now.exited.then(() => onExit(now, startedAt))
      void watch(now)
    }

    /** Has it be up as soon as it answers. */
    async function watch(now: Launched): Promise<void> {
      const isStarting = () => state === 'starting' && launched === now
      while (isStarting()) {
        if (await unit.isReady()) {
          if (isStarting() && now.isRunning()) state = 'up'
        } else await wait(50, undefined, { ref: false })
      }
    }

    async function onExit(ended: Launched, startedAt: number): Promise<void> {
      // The caller of stop() may have started it again before this continuation runs.
      if (ended !== launched || state === 'stopping' || state === 'stopped') return
      state = 'waiting'
      restarts++
      pause = new AbortController()
      if (time.now() - startedAt > STABLE_MS) pauseMs = MIN_PAUSE_MS
      const isDue = await time.sleep(pauseMs, pause.signal).then(
        () => true,
        () => false
      )
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)
      if (isDue && state === 'waiting') run()
    }

    return {
      unit,
      get state() {
        return state
      },
      get pid() {
        return launched?.isRunning() ? launched.child.pid : undefined
      },
      get restarts() {
        return restarts
      },
      async start() {
        run()
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
        const exit = launched?.isRunning()
          ? await launched.stop(unit.stopSignal, (signal) => time.sleep(STOP_TIMEOUT_MS, signal))
          : null
        state = 'stopped'
        return exit
      },
      signal: (signal) => launched?.signal(signal)
    }
  }

  return { add }
}

async function tail(file: string): Promise<string> {
  return (await readFile(file, 'utf8').catch(() => '')).slice(-2_000)
}
