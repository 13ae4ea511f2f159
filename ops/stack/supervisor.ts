import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Exit, type Launched, launch } from '#testing/launch.ts'
import type { Program } from '#testing/server-programs.ts'

/** Keeps programs running: restarts a program that ends unexpectedly, after a growing pause. */

/** A program of the stack. */
export interface Unit extends Program {
  name: string
}

export type State = 'stopped' | 'starting' | 'up' | 'stopping' | 'waiting'

export interface Supervised {
  readonly unit: Unit
  readonly state: State
  readonly pid: number | undefined
  /** Restarts after unexpected ends. */
  readonly restarts: number
  /**
   * Starts the program. Resolves when it answers; throws with the end of its log when it does not in time.
   */
  start(): Promise<void>
  /**
   * Ends the program cleanly, or kills it after a timeout. Resolves with its exit; null if it was not
   * running.
   */
  stop(): Promise<Exit | null>
  /** Sends a signal. A program that ends by it is restarted. */
  signal(signal: NodeJS.Signals): void
}

export interface Supervisor {
  /** Adds a program without starting it. */
  add(unit: Unit): Supervised
}

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 25_000
const MIN_PAUSE_MS = 100
const MAX_PAUSE_MS = 5_000
/** After this run time a program has recovered, and its next pause is short again. */
const STABLE_MS = 10_000

/** The clock for pauses; tests replace it. */
export interface Time {
  /** Monotonic milliseconds. */
  now(): number
  /** Resolves after `ms`; rejects when it is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

const REAL_TIME: Time = {
  now: () => performance.now(),
  sleep: (ms, signal) => wait(ms, undefined, { signal, ref: false })
}

/** Creates a supervisor with its logs in `folder`. Its programs end with this process. */
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

    /** Sets the state to up as soon as the program answers. */
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
        // Restarts a program that ends meanwhile.
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
