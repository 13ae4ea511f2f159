import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ServerMissing } from './programs.ts'
import { createFilter, readTotals, type Totals } from './report.ts'
import type { Server } from './server-process.ts'
import { startPostgres, startRedis } from './servers.ts'
import { listTests } from './suites.ts'

/**
 * `npm test`: checks the sources, then runs the tests. `npm run test:systems` passes `--systems` and runs the
 * others. The last line is `N passed, N failed`. With the folder NODE_V8_COVERAGE, it records the executed
 * lines there.
 *
 * All tests share a bundled PostgreSQL. If installed, they also share a Redis, and the system's PostgreSQL
 * for tests that depend on its version. TEST_DATABASE_URL, TEST_REDIS_URL and TEST_INSTALLED_URL name other
 * servers to use. REQUIRE_SERVERS turns a missing server or program into an error. Other arguments go to tap.
 * If they include a test file, only that file runs, without the checks.
 */

const root = join(import.meta.dirname, '..', '..')
const TAP = join(root, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs')
// biome-ignore lint/style/noProcessEnv: a process' entry reads its environment
const env = { ...process.env }
const isSystems = process.argv.includes('--systems')
const args = process.argv.slice(2).filter((arg) => arg !== '--systems')
const isWhole = args.every((arg) => arg.startsWith('-'))
const files = isWhole ? listTests(isSystems ? 'systems' : 'units') : []
/** Tests wait for servers, timers and connections, so one job more than cores keeps the cores busy. */
const jobs = isSystems ? 2 : Math.min(availableParallelism() + 1, 6)
/** `npm test` has already checked the sources of the systems suite. */
const isChecked = isWhole && !isSystems

const folder = await mkdtemp(join(tmpdir(), 'fairlead-run-'))
const servers: Server[] = []
try {
  process.exitCode = await run()
} finally {
  await Promise.all(servers.map((server) => server.remove()))
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

async function run(): Promise<number> {
  if (isChecked && runScript('check') !== 0) {
    console.log('0 passed, 1 failed')
    return 1
  }
  // Files that tests or killed processes leave behind are removed with the run.
  const temporary = join(folder, 't')
  await mkdir(temporary)
  // When the run is root, PostgreSQL runs as another user.
  await Promise.all([chmod(folder, 0o755), chmod(temporary, 0o777)])
  // Tests in a browser need the dashboard's files. Without a build they fail and say so.
  spawnSync(process.execPath, [join(root, 'ops', 'dashboard', 'main.ts')], { cwd: root, stdio: 'inherit' })
  if (!(await startServers())) return 1

  const { code, passed, failed, skipped } = await runTap({ ...env, TMPDIR: temporary })

  let isGood = code === 0 && failed === 0
  if (passed === 0) {
    console.log('No test has run.')
    isGood = false
  }
  if (skipped > 0 && env['REQUIRE_SERVERS']) {
    console.log('Nothing may be skipped in a run with REQUIRE_SERVERS.')
    isGood = false
  }
  // A run that fails without a failed assertion still counts as a failure.
  const failures = isGood ? 0 : Math.max(failed, 1)
  console.log(`${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return isGood ? 0 : 1
}

function runScript(...args: string[]): number {
  return spawnSync('npm', ['run', '--silent', ...args], { cwd: root, stdio: 'inherit' }).status ?? 1
}

/**
 * Adds the servers' addresses to the environment of the tests. Returns false when a required one is missing.
 */
async function startServers(): Promise<boolean> {
  const isComplete = await Promise.all([
    provide('TEST_DATABASE_URL', () => startPostgres(null, { maxConnections: 300 })),
    provide('TEST_INSTALLED_URL', () => startPostgres(null, { maxConnections: 100, installed: true })),
    provide('TEST_REDIS_URL', () => startRedis(null))
  ])
  if (isComplete.every(Boolean) || !env['REQUIRE_SERVERS']) return true
  console.log('0 passed, 1 failed')
  return false
}

async function provide(variable: string, start: () => Promise<Server>): Promise<boolean> {
  if (env[variable]) return true
  try {
    const server = await start()
    servers.push(server)
    env[variable] = server.url
    return true
  } catch (error) {
    if (!(error instanceof ServerMissing)) throw error
    console.log(`Tests on it are left out: ${error.message}.`)
    return false
  }
}

/**
 * Runs tap: with its own reporter on a terminal, elsewhere with one line for each file. Returns its exit code
 * and totals.
 */
async function runTap(environment: NodeJS.ProcessEnv): Promise<Totals & { code: number }> {
  const isTerminal = process.stdout.isTTY === true
  const file = join(folder, 'report.tap')
  // With an output file, tap's reporter `tap` would print everything twice.
  const report = isTerminal ? ['--reporter=base', `--output-file=${file}`] : ['--reporter=tap', '--no-color']
  const child = spawn(
    process.execPath,
    [
      TAP,
      'run',
      '--disable-coverage',
      '--allow-empty-coverage',
      `--jobs=${jobs}`,
      ...report,
      ...args,
      ...files
    ],
    { cwd: root, env: environment, stdio: ['ignore', isTerminal ? 'inherit' : 'pipe', 'inherit'] }
  )
  const lines: string[] = []
  if (child.stdout) {
    const keep = createFilter()
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('# {')) lines.push(line)
      for (const kept of keep(line)) console.log(kept)
    })
  }
  const [code] = await once(child, 'close')
  const raw = isTerminal ? await readFile(file, 'utf8').catch(() => '') : lines.join('\n')
  return { code: code ?? 1, ...readTotals(raw) }
}
