import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { launch, patienceOf } from '#testing/launch.ts'
import { findPort } from '#testing/server-process.ts'
import { until } from '#testing/until.ts'
import { runNpm } from './npm.ts'
import { listTree } from './process-tree.ts'

/** A clone of Fairlead, run as its users run it: by npm, with the Node of the system. */

/** A running `npm start`. */
export interface Running {
  url: string
  /** The process of npm; the server and its PostgreSQL are below it. */
  pid: number
  /** From the command until the server is ready. */
  seconds: number
  isAlive(): boolean
  /** Ends it with SIGTERM, after 20 s with SIGKILL. Resolves when all its processes have ended. */
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 120_000
const STOP_TIMEOUT_MS = 20_000

/** Returns the environment of a user's shell, without the variables of the npm that runs this program. */
function makeEnv(more: Record<string, string>): Record<string, string> {
  // biome-ignore lint/style/noProcessEnv: the programs of the system are where PATH says
  const { PATH = '', HOME = '/' } = process.env
  const path = PATH.split(delimiter).filter((folder) => !/node_modules|node-gyp-bin/.test(folder))
  return { PATH: path.join(delimiter), HOME, ...more }
}

/** Installs the packages that a first `npm start` would install. Ends this program on failure. */
export async function install(root: string): Promise<void> {
  await runNpm(root, ['run', 'prestart'], makeEnv({}))
}

/** Returns the number of packages installed in `root`, and their size on disk. */
export function measurePackages(root: string): { count: number; mebibytes: number } {
  const folder = join(root, 'node_modules')
  const { packages } = JSON.parse(readFileSync(join(folder, '.package-lock.json'), 'utf8')) as {
    packages: Record<string, unknown>
  }
  const { stdout } = spawnSync('du', ['-sk', folder], { encoding: 'utf8' })
  return { count: Object.keys(packages).length, mebibytes: Math.round(Number.parseInt(stdout, 10) / 1024) }
}

/**
 * Runs `npm start` in `root` with `env`, and with `enter` in a cgroup, and waits until it is ready. Returns
 * null if it ends before, or is not ready after two minutes.
 */
export async function startInstallation(
  root: string,
  env: Record<string, string>,
  enter: string[] = []
): Promise<Running | null> {
  const port = await findPort()
  const url = `http://127.0.0.1:${port}`
  const [command = '', ...args] = [...enter, 'npm', 'start']
  const start = performance.now()
  const launched = launch({
    command,
    args,
    cwd: root,
    env: makeEnv({ PORT: `${port}`, LOG_LEVEL: 'warn', ...env })
  })
  const { child, isRunning: isAlive } = launched
  child.stdout?.resume()
  child.stderr?.pipe(process.stderr)
  const { pid = 0 } = child
  async function stop(): Promise<void> {
    const tree = listTree(pid)
    await launched.stop('SIGTERM', patienceOf(STOP_TIMEOUT_MS))
    await until(() => tree.every((one) => listTree(one.pid).length === 0))
  }
  while (isAlive() && performance.now() - start < START_TIMEOUT_MS) {
    const answer = await fetch(new URL('/health/ready', url)).catch(() => null)
    if (answer?.ok) return { url, pid, seconds: (performance.now() - start) / 1_000, isAlive, stop }
    await wait(10)
  }
  await stop()
  return null
}
