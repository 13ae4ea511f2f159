import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/** Starts and ends programs for tests, the local stack, chaos and benchmarks; no other module does. */

export interface User {
  uid: number
  gid: number
}

export interface Command {
  command: string
  args: string[]
  /** The whole environment; that of this process by default. */
  env?: Record<string, string>
  cwd?: string
  /** The system user to run as; that of this process if null or missing. */
  user?: User | null
  /** The file that its output is appended to; by default the caller reads the streams of `child`. */
  logFile?: string
  /** A folder to delete when this process dies before the program has ended. */
  folder?: string
}

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

export interface Launched {
  readonly child: ChildProcess
  /** Resolves when it has ended, with nulls when it could not be started. */
  readonly exited: Promise<Exit>
  isRunning(): boolean
  /** Sends a signal. Signals that kill, freeze or thaw reach all its processes. */
  signal(signal: NodeJS.Signals): void
  /** Sends `signal`, and SIGKILL when `patience` resolves before it has ended. */
  stop(signal: NodeJS.Signals, patience: (signal: AbortSignal) => Promise<unknown>): Promise<Exit>
  /** Lets this process exit although the program runs: a test that fails half-way must not hang. */
  unref(): void
}

const running = new Set<Launched>()
let isGuarded = false

/** An abortable delay of `ms`, for {@link Launched.stop}. */
export function patienceOf(ms: number): (signal: AbortSignal) => Promise<unknown> {
  return (signal) => wait(ms, undefined, { signal, ref: false })
}

/**
 * Starts a program in its own process group, so Ctrl+C reaches only this process. The program ends with this
 * process, however that ends.
 */
export function launch({ command, args, env, cwd, user, logFile, folder }: Command): Launched {
  const child = spawn(command, args, {
    ...user,
    ...(env && { env }),
    ...(cwd !== undefined && { cwd }),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true
  })
  if (logFile !== undefined) {
    const log = createWriteStream(logFile, { flags: 'a' })
    child.stdout.pipe(log, { end: false })
    child.stderr.pipe(log, { end: false })
    for (const end of ['close', 'error']) child.once(end, () => log.end())
  }
  const release = guard(child, folder)
  const isRunning = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null
  const exited = new Promise<Exit>((done) => {
    child.once('exit', (code, signal) => done({ code, signal }))
    child.once('error', () => done({ code: null, signal: null }))
  })
  const launched: Launched = {
    child,
    exited,
    isRunning,
    signal(signal) {
      if (!isRunning()) return
      if (signal === 'SIGKILL' || signal === 'SIGSTOP' || signal === 'SIGCONT') signalTree(child, signal)
      else child.kill(signal)
    },
    async stop(signal, patience) {
      child.ref()
      const ended = new AbortController()
      patience(ended.signal).then(
        () => launched.signal('SIGKILL'),
        () => undefined
      )
      launched.signal(signal)
      const exit = await exited
      ended.abort()
      return exit
    },
    unref() {
      child.unref()
      for (const stream of [child.stdout, child.stderr])
        if ('unref' in stream && typeof stream.unref === 'function') stream.unref()
    }
  }
  running.add(launched)
  void exited.then(() => {
    running.delete(launched)
    release()
  })
  return launched
}

/**
 * Starts a shell that outlives this process. It kills `child` and deletes `folder` when this process dies,
 * even by kill -9: the shell waits for its standard input to close. Returns the function that ends the shell.
 */
function guard(child: ChildProcess, folder = ''): () => void {
  if (child.pid === undefined) return () => undefined
  // Runs before the exit handlers that remove temporary folders.
  if (!isGuarded) process.prependListener('exit', killAll)
  isGuarded = true
  const script = `read -r _; kill -9 -${child.pid} && sleep 0.2; [ -z "$0" ] || rm -rf "$0"`
  const shell = spawn('sh', ['-c', script, folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  shell.unref()
  const { stdin } = shell
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  return () => void shell.kill('SIGKILL')
}

function killAll(): void {
  for (const one of running) one.signal('SIGKILL')
}

/** Signals a program and its descendants. Session leaders, such as PostgreSQL's, are outside its group. */
function signalTree({ pid = 0 }: ChildProcess, signal: NodeJS.Signals): void {
  for (const one of [-pid, ...listDescendants(pid)]) {
    try {
      process.kill(one, signal)
    } catch {
      // The process has ended with its parent.
    }
  }
}

/** Empty where ps(1) is missing. */
function listDescendants(root: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  const pairs = (stdout ?? '').split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  const found = [root]
  // The loop also visits the elements that it appends.
  for (const parent of found)
    found.push(...pairs.filter(([, ppid]) => ppid === parent).map(([pid = 0]) => pid))
  return found.slice(1)
}
