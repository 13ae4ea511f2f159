import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { StartRefused } from '#platform/problem/start-refused.ts'
import { type BundledPrograms, noBuild } from './bundled-programs.ts'
import { killWithThisProcess } from './parent-death.ts'

/** Starts, restarts and stops the bundled PostgreSQL's process. */

export interface Log {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}

const MAX_PAUSE_MS = 5_000
const LEFTOVER_MS = 10_000
/** After this uptime, a PostgreSQL that dies is restarted without a pause. */
const STEADY_MS = 30_000

/**
 * Keeps a postmaster running until `stop`. `started` resolves when the first one accepts connections, and
 * rejects when it cannot start.
 */
export function supervise(
  programs: BundledPrograms,
  cluster: string,
  settings: Record<string, string | number>,
  log: Log
) {
  const args = [
    '-D',
    cluster,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  ]
  let child: ChildProcess | undefined
  let isStopping = false
  let pause: NodeJS.Timeout | undefined
  let pauseMs = 0

  /** Resolves when PostgreSQL accepts connections. Rejects with its last output if it ends before. */
  async function launch(): Promise<void> {
    const [file, all] = programs.command('postgres', args)
    // In its own session, so that Ctrl+C does not reach it: this process still has clicks to store.
    const started = spawn(file, all, {
      env: programs.env,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true
    })
    child = started
    const release = killWithThisProcess(started)
    const lines: string[] = []
    let readyAt: number | undefined
    await new Promise<void>((done, fail) => {
      createInterface({ input: started.stderr }).on('line', (line) => {
        lines.push(line)
        lines.splice(0, lines.length - 8)
        if (line.endsWith('database system is ready to accept connections')) {
          readyAt ??= performance.now()
          done()
          // A stopping server ends each session with a FATAL, which is not logged.
        } else if (/ PANIC: /.test(line) || (!isStopping && / FATAL: /.test(line)))
          log.warn({ line }, 'PostgreSQL reported a problem')
      })
      started.once('error', (error: NodeJS.ErrnoException) =>
        fail(error.code === 'ENOENT' ? noBuild() : error)
      )
      started.once('close', (code, signal) => {
        release()
        const error = new Error(`PostgreSQL ended (${signal ?? code}): ${lines.join('\n')}`)
        if (readyAt === undefined) fail(error)
        else restart(error, performance.now() - readyAt)
      })
    })
  }

  function restart(error: Error, ranMs = 0): void {
    if (isStopping) return
    pauseMs = ranMs > STEADY_MS ? 0 : Math.min(pauseMs * 2 + 100, MAX_PAUSE_MS)
    log.warn({ err: error, pauseMs }, 'PostgreSQL exited, restarting')
    pause = setTimeout(() => launch().catch((failure: Error) => restart(failure)), pauseMs)
  }

  /**
   * Retries while processes of a killed postmaster hold its shared memory. They end when they detect its
   * death.
   */
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
