import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import manifest from '#package.json' with { type: 'json' }

/** Processes whose use of the machine is read from /proc (Linux): the shipped server, and what it is compared with. */

export interface MeasuredProcess {
  readonly url: string
  readonly pid: number
  /** CPU time of all its threads since the start, in seconds. */
  cpuSeconds(): Promise<number>
  memory(): Promise<{ nowMiB: number; peakMiB: number }>
  /** Ends it in good order, or at once with `SIGKILL`. Resolves when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

export interface MeasuredOptions {
  env?: Record<string, string>
  /** The core it may run on; any when not said. */
  core?: number
  /** Arguments of Node before the program, such as `--cpu-prof`. */
  nodeOptions?: string[]
}

const ROOT = join(import.meta.dirname, '..')
/** Clock ticks a second in /proc/PID/stat: USER_HZ, 100 on every Linux (proc(5)). */
const TICKS = 100

/** Starts `apps/server` on a free port, as `npm start` does but with `env` as all its environment. */
export function startServer(options: MeasuredOptions = {}): Promise<MeasuredProcess> {
  return start(argumentsOf(manifest.scripts.start), /^listening$/, options)
}

/** Starts `apps/worker` as `npm run worker` does; its `url` is empty. */
export function startWorker(options: MeasuredOptions = {}): Promise<MeasuredProcess> {
  return start(argumentsOf(manifest.scripts.worker), /^working$/, options)
}

/** What follows `node` in a script of package.json. */
function argumentsOf(script: string): string[] {
  return script.split(' ').slice(1)
}

/** Starts the server of loadtest/references that `kind` names. */
export function startReference(kind: string, options: MeasuredOptions = {}): Promise<MeasuredProcess> {
  return start(['loadtest/references/main.ts', kind], /^listening$/, options)
}

async function start(args: string[], ready: RegExp, options: MeasuredOptions): Promise<MeasuredProcess> {
  const command = [process.execPath, ...(options.nodeOptions ?? []), ...args]
  const pinned = options.core === undefined ? [] : pinTo(options.core)
  const [program = '', ...rest] = [...pinned, ...command]
  const child = spawn(program, rest, {
    cwd: ROOT,
    env: { PORT: '0', WORKER_PORT: '0', LOG_LEVEL: 'info', ...options.env },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const exited = once(child, 'exit')
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const url = await readUrl(child, ready, command.join(' '))
  child.stdout?.resume()
  const { pid = 0 } = child
  const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8')
  return {
    url,
    pid,
    async cpuSeconds() {
      // After the name in parentheses, which may hold anything: field 14 is user time, 15 system time.
      const fields = (await read('stat')).replace(/^.*\) /, '').split(' ')
      return (Number(fields[11]) + Number(fields[12])) / TICKS
    },
    async memory() {
      const status = await read('status')
      return { nowMiB: mebibytes(status, 'VmRSS'), peakMiB: mebibytes(status, 'VmHWM') }
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      await exited
      process.removeListener('exit', kill)
    }
  }
}

/** Reads the log until the line that says it is ready. Throws with the log when the process ends before. */
async function readUrl(child: ChildProcess, ready: RegExp, command: string): Promise<string> {
  const seen: string[] = []
  if (child.stdout) {
    for await (const line of createInterface(child.stdout)) {
      seen.push(line)
      const entry = line.startsWith('{') ? (JSON.parse(line) as { msg: string; url?: string }) : null
      if (entry && ready.test(entry.msg)) return entry.url ?? ''
    }
  }
  throw new Error(`${command} did not start:\n${seen.join('\n')}`)
}

function mebibytes(status: string, field: string): number {
  return Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024)
}

let hasTaskset: boolean | undefined

/** The beginning of a command that keeps a program on `core`; empty where there is no taskset(1). */
function pinTo(core: number): string[] {
  hasTaskset ??= spawnSync('taskset', ['--version']).status === 0
  return hasTaskset ? ['taskset', '-c', `${core}`] : []
}

/** Keeps all threads of process `pid` on `core` where taskset(1) is installed. */
export function pinProcess(pid: number, core: number): void {
  if (pinTo(core).length > 0) spawnSync('taskset', ['-a', '-c', '-p', `${core}`, `${pid}`])
}
