import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { createClient, type Running } from './app.ts'
import { type Exit, launch } from './launch.ts'
import { ROOT } from './sources.ts'

/** Runs the server as a separate process, for tests of its start, end, signals and log. */

/** A line of the log. */
export interface LogLine {
  level: string
  time: string
  msg: string
  [member: string]: unknown
}

export interface ServerProcess {
  readonly child: ChildProcess
  /** Resolves when the process has ended and all its output has arrived. */
  readonly exited: Promise<Exit>
  /** The log lines so far. */
  lines(): LogLine[]
  /** The output so far, of both streams. */
  output(): string
  /** Resolves with the first line whose `msg` matches; rejects when the process ends without one. */
  logged(msg: RegExp): Promise<LogLine>
  /** Sends `signal` and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<Exit>
}

export interface SpawnOptions {
  /** JavaScript that runs in the process before the server's own. */
  inject?: string
  /** The program to run; the server by default. */
  main?: string
  /** A command that becomes the server: `unshare …`. */
  wrapper?: string[]
  /** The whole command, instead of Node with `inject` and `main`. */
  command?: string[]
}

/** Spawns the server with `env` and nothing else of this process' settings. It is killed with the test. */
export function spawnServer(
  t: Test,
  env: Record<string, string>,
  {
    inject = '',
    main = 'apps/server/main.ts',
    wrapper = [],
    command = [
      ...[process.execPath, '--import=./apps/preload.mjs'],
      ...(inject ? [`--import=data:text/javascript,${encodeURIComponent(inject)}`] : []),
      main
    ]
  }: SpawnOptions = {}
): ServerProcess {
  const [program = '', ...args] = [...wrapper, ...command]
  const { child } = launch({
    command: program,
    args,
    cwd: ROOT,
    env: {
      HOST: '127.0.0.1',
      PORT: '0',
      WORKER_PORT: '0',
      // A test's open connections stay idle.
      LINGER_MS: '100',
      TMPDIR: tmpdir(),
      // biome-ignore lint/style/noProcessEnv: PATH locates the programs
      PATH: process.env['PATH'] ?? '',
      NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'),
      ...env
    }
  })
  let output = ''
  let text = ''
  let isOver = false
  const listeners = new Set<() => void>()
  const tell = () => {
    for (const listener of listeners) listener()
  }
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
    text += chunk
    tell()
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
  })
  const exited = once(child, 'close').then(([code, signal]): Exit => {
    isOver = true
    tell()
    return { code, signal }
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })
  // A line is complete once its line feed has arrived. Text that is not JSON is not a log line.
  const lines = () =>
    text
      .split('\n')
      .slice(0, -1)
      .filter(isJson)
      .map((line): LogLine => JSON.parse(line))

  return {
    child,
    exited,
    lines,
    output: () => output,
    logged(msg) {
      return new Promise((done, fail) => {
        const look = () => {
          const line = lines().find((one) => msg.test(one.msg))
          if (line) done(line)
          else if (isOver) fail(new Error(`The server ended and never logged ${msg}:\n${output}`))
          else return
          listeners.delete(look)
        }
        listeners.add(look)
        look()
      })
    },
    end(signal = 'SIGTERM') {
      child.kill(signal)
      return exited
    }
  }
}

export interface ListeningServer extends ServerProcess {
  readonly url: string
  readonly request: Running['request']
}

/** Spawns the server and waits until it listens. Rejects with its output if it ends first. */
export async function startServer(
  t: Test,
  env: Record<string, string>,
  options?: SpawnOptions
): Promise<ListeningServer> {
  const server = spawnServer(t, env, options)
  const { url } = await server.logged(/^listening$/)
  return { ...server, url: String(url), request: createClient(String(url)) }
}

/** Spawns the worker and waits until it works; its `url` serves probes and metrics. */
export async function startWorker(t: Test, env: Record<string, string>): Promise<ListeningServer> {
  const worker = spawnServer(t, env, { main: 'apps/worker/main.ts' })
  const { url } = await worker.logged(/^working$/)
  return { ...worker, url: String(url), request: createClient(String(url)) }
}

function isJson(line: string): boolean {
  return line.startsWith('{')
}
