import { spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { ServerMissing } from './programs.ts'
import { runFiles } from './run-files.ts'
import type { Server } from './server-process.ts'
import { startPostgres, startRedis } from './servers.ts'
import { ROOT } from './sources.ts'
import { listTests } from './suites.ts'

/**
 * `npm test`: checks the sources, then runs the tests. `npm run test:systems` passes `--systems` and runs the
 * others. The last line is `N passed, N failed`. With the folder NODE_V8_COVERAGE, it records the executed
 * lines there.
 *
 * All tests share a bundled PostgreSQL. If installed, they also share a Redis, and the system's PostgreSQL
 * for tests that depend on its version. TEST_DATABASE_URL, TEST_REDIS_URL and TEST_INSTALLED_URL name other
 * servers to use. REQUIRE_SERVERS turns a missing server or program into an error. With test files as
 * arguments, only these run, without the checks. TAP_GREP selects tests by name.
 */

// biome-ignore lint/style/noProcessEnv: a process' entry reads its environment
const env = { ...process.env }
const isSystems = process.argv.includes('--systems')
const chosen = process.argv.filter((arg) => arg.endsWith('.test.ts'))
const isWhole = chosen.length === 0
const files = isWhole ? listTests(isSystems ? 'systems' : 'units') : chosen
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
  spawnSync(process.execPath, [join(ROOT, 'ops', 'dashboard', 'main.ts')], { cwd: ROOT, stdio: 'inherit' })
  if (!(await startServers())) return 1

  const { passed, failed, skipped } = await runFiles(files, { jobs, env: { ...env, TMPDIR: temporary } })

  let failures = failed
  if (passed === 0) {
    console.log('No test has run.')
    failures = Math.max(failures, 1)
  }
  if (skipped > 0 && env['REQUIRE_SERVERS']) {
    console.log('Nothing may be skipped in a run with REQUIRE_SERVERS.')
    failures = Math.max(failures, 1)
  }
  console.log(`${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return failures === 0 ? 0 : 1
}

function runScript(...args: string[]): number {
  return spawnSync('npm', ['run', '--silent', ...args], { cwd: ROOT, stdio: 'inherit' }).status ?? 1
}

/**
 * Adds the servers' addresses to the environment of the tests. Returns false when a required one is missing.
 */
async function startServers(): Promise<boolean> {
  // There are hundreds of databases, and autovacuum looks through all each minute.
  const settings = { autovacuum: 'off' }
  const isComplete = await Promise.all([
    provide('TEST_DATABASE_URL', () => startPostgres(null, { maxConnections: 300, settings })),
    provide('TEST_INSTALLED_URL', () =>
      startPostgres(null, { maxConnections: 100, installed: true, settings })
    ),
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
    env['TEST_TEMPORARY_URLS'] = servers.map(({ url }) => url).join(' ')
    return true
  } catch (error) {
    if (!(error instanceof ServerMissing)) throw error
    console.log(`Tests on it are left out: ${error.message}.`)
    return false
  }
}
