import { type ChildProcess, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { launch } from '#testing/launch.ts'
import { readCpuSeconds, readMiB } from './process-tree.ts'

/** Processes whose resource use is read from /proc (Linux): the shipped server and its references. */

export interface MeasuredProcess {
  readonly url: string
  readonly pid: number
  /** CPU time since the start, including its child processes, in seconds. */
  cpuSeconds(): Promise<number>
  /** Peak resident set (VmHWM of proc(5)), without child processes. */
  peakMiB(): number
  /** Ends the process cleanly, or at once with `SIGKILL`. Resolves when it has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

export interface MeasuredOptions {
  env?: Record<string, string>
  /** The core for the process; any if undefined. */
  core?: number
  /** Arguments of Node before the program, such as `--cpu-prof`. */
  nodeOptions?: string[]
  /** The folder of the program, with its package.json and its packages; this repository if undefined. */
  root?: string
}

const ROOT = join(import.meta.dirname, '..')

/** Starts `apps/server` on a free port like `npm start`, but with `env` as its whole environment. */
export function startServer(options: MeasuredOptions = {}): Promise<MeasuredProcess> {
  return start(readArguments('start', options), /^listening$/, options)
}

/** Starts `apps/worker` like `npm run worker`; its `url` is empty. */
export function startWorker(options: MeasuredOptions = {}): Promise<MeasuredProcess> {
  return start(readArguments('worker', options), /^working$/, options)
}

/**
 * Returns the arguments of Node in a script of package.json. Commits before 2026-11-30 have it without
 * `exec`.
 */
export function nodeArguments(script: string): string[] {
  return script.replace(/^(exec )?node /, '').split(' ')
}

function readArguments(name: 'start' | 'worker', { root = ROOT }: MeasuredOptions): string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<typeof name, string>
  }
  return nodeArguments(scripts[name])
}

/** Starts the server `kind` of loadtest/references. */
export function startReference(kind: string, options: MeasuredOptions = {}): Promise<MeasuredProcess> {
  return start(['loadtest/references/main.ts', kind], /^listening$/, options)
}

async function start(args: string[], ready: RegExp, options: MeasuredOptions): Promise<MeasuredProcess> {
  const { root = ROOT } = options
  const pinnedNode = join(root, 'node_modules', '.bin', 'node')
  const node = existsSync(pinnedNode) ? pinnedNode : process.execPath
  const command = [node, ...(options.nodeOptions ?? []), ...args]
  const pinned = options.core === undefined ? [] : pinTo(options.core)
  const [program = '', ...rest] = [...pinned, ...command]
  const env = { PORT: '0', WORKER_PORT: '0', LOG_LEVEL: 'info', ...options.env }
  const { child, exited } = launch({ command: program, args: rest, cwd: root, env })
  child.stderr?.pipe(process.stderr)
  const url = await readUrl(child, ready, command.join(' '))
  child.stdout?.resume()
  const { pid = 0 } = child
  return {
    url,
    pid,
    async cpuSeconds() {
      return readCpuSeconds(pid)
    },
    peakMiB: () => readMiB(pid, 'status', 'VmHWM'),
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      await exited
    }
  }
}

/** Reads the log until the ready line. Throws with the log if the process ends before. */
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

let hasTaskset: boolean | undefined

/** Returns the prefix of a command that keeps a program on `core`; empty without taskset(1). */
function pinTo(core: number): string[] {
  hasTaskset ??= spawnSync('taskset', ['--version']).status === 0
  return hasTaskset ? ['taskset', '-c', `${core}`] : []
}

/** Keeps all threads of process `pid` on `core` if taskset(1) is installed. */
export function pinProcess(pid: number, core: number): void {
  if (pinTo(core).length > 0) spawnSync('taskset', ['-a', '-c', '-p', `${core}`, `${pid}`])
}
