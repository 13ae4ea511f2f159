// Runs before the npm scripts, so that a fresh clone needs no other command. Installs the locked dependencies
// when they are missing or older than package-lock.json. Plain JavaScript without dependencies: it also runs
// on the older Node that only launches the pinned one.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const lockFile = join(root, 'package-lock.json')
const installed = join(root, 'node_modules')
const stampFile = join(installed, '.fairlead-install')
const isWindows = process.platform === 'win32'
const pinnedNode = join(installed, '.bin', isWindows ? 'node.cmd' : 'node')
// biome-ignore lint/style/noProcessEnv: npm names its script by the environment, and tracing is a setting
const env = process.env

/** The oldest supported Node: it strips types, and the metrics client supports it. */
const LEAST = { major: 22, minor: 19 }

const INSTALL_NODE = 'Install Node 24 (https://nodejs.org) and run the same command again.'

/** Time between progress lines, where npm has no terminal for its own. */
const PROGRESS_MS = 10_000

/**
 * The installation extents and their npm options. Peer dependencies are OpenTelemetry, which only tracing
 * needs.
 */
const EXTENTS = [
  { name: 'production', omits: ['dev', 'peer'] },
  { name: 'tracing', omits: ['dev'] },
  { name: 'all', omits: [] }
]

const lock = readFileSync(lockFile, 'utf8')
const hash = createHash('sha256').update(lock).digest('hex')
const serves = ['prestart', 'preworker', 'precli', 'predemo'].includes(env['npm_lifecycle_event'] ?? '')
const traces = Boolean(env['OTEL_EXPORTER_OTLP_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_ENDPOINT_FILE'])
const needed = serves ? (traces ? 1 : 0) : 2

if (!isStamped()) {
  if (!isInstalled(needed)) await install()
  removeUnused()
  stamp()
  checkNode()
  // Compiles the server now, which saves its first start a second. A failure costs only that second.
  if (env['npm_lifecycle_event'] === 'prestart')
    spawnSync(...npmWith('start', '--ignore-scripts', '--', '--version'), { cwd: root, stdio: 'ignore' })
}

/** True if an earlier run of this script installed this lockfile to the extent needed now. */
function isStamped() {
  try {
    const [seen, extent] = readFileSync(stampFile, 'utf8').trim().split(' ')
    return seen === hash && EXTENTS.findIndex(({ name }) => name === extent) >= needed
  } catch {
    return false
  }
}

/**
 * True if node_modules has the packages of the lockfile, as after a manual `npm ci`.
 * @param {number} extent which of EXTENTS
 */
function isInstalled(extent) {
  try {
    const wanted = JSON.parse(lock).packages
    const found = JSON.parse(readFileSync(join(installed, '.package-lock.json'), 'utf8')).packages
    return Object.entries(wanted).every(([path, entry]) => {
      if (!path || entry.optional || entry.devOptional) return true
      if (EXTENTS[extent]?.omits.some((kind) => entry[kind])) return true
      return found[path]?.version === entry.version && found[path]?.integrity === entry.integrity
    })
  } catch {
    return false
  }
}

/** Runs `npm ci`, and exits with a clear message when that fails. */
async function install() {
  const system = `${isWindows ? 'win' : process.platform}-${process.arch}`
  if (!isNewEnough(process.versions.node) && !JSON.parse(lock).packages[`node_modules/node-${system}`])
    fail(`${needsNode()}, and none is pinned for ${system}.\n${INSTALL_NODE}`)
  const why = existsSync(installed) ? 'some are missing, or not those of package-lock.json' : 'first run'
  log(`Installing dependencies (${why}; takes a minute or so) ...`)
  const omitted = EXTENTS[needed]?.omits ?? []
  // `npm ci` deletes node_modules first, and a server may be running from it.
  const verb = isInstalled(0) ? ['install', '--no-save'] : ['ci']
  const args = [...verb, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  args.push(...['dev', 'peer'].map((kind) => `--${omitted.includes(kind) ? 'omit' : 'include'}=${kind}`))
  const begun = Date.now()
  const report = () => log(`Still installing, ${Math.round((Date.now() - begun) / 1_000)} s`)
  const timer = process.stderr.isTTY ? undefined : setInterval(report, PROGRESS_MS)
  const failure = await new Promise((done) => {
    // Standard output belongs to the next command.
    const child = spawn(...npmWith(...args), {
      cwd: root,
      stdio: ['ignore', 2, 2],
      // On Windows, npm is a shell script.
      shell: isWindows && !env['npm_execpath']
    })
    child.once('error', ({ message }) => done(message))
    child.once('exit', (status, signal) =>
      done(status === 0 ? null : `npm ci ended with ${status ?? signal}`)
    )
  })
  clearInterval(timer)
  if (failure === null) return
  fail(
    `Dependencies could not be installed (${failure}).\n` +
      'See the lines above: is the registry reachable, the disk full, package-lock.json complete?\n' +
      'Nothing has been started. Fix the cause and run the same command again.'
  )
}

/**
 * The npm that runs this script, on its own Node. It may be about to replace the pinned one.
 * @param {string[]} args
 * @returns {[string, string[]]} a command and its arguments
 */
function npmWith(...args) {
  const npm = env['npm_execpath']
  return npm ? [env['npm_node_execpath'] ?? process.execPath, [npm, ...args]] : ['npm', args]
}

/** Deletes the C headers and manuals of the pinned Node, 67 unused MiB. */
function removeUnused() {
  try {
    for (const name of readdirSync(installed).filter((one) => /^node-(linux|darwin|win)-/.test(one)))
      for (const folder of ['include', 'share'])
        rmSync(join(installed, name, folder), { recursive: true, force: true })
    // npm's shell on Windows has no `exec`, which elsewhere lets signals reach the server.
    if (isWindows) writeFileSync(join(installed, '.bin', 'exec.cmd'), '@%*\r\n')
  } catch {
    // A read-only folder keeps them.
  }
}

/** Records the installation; in a read-only folder the next run checks again. */
function stamp() {
  try {
    writeFileSync(stampFile, `${hash} ${EXTENTS.findLast((_, extent) => isInstalled(extent))?.name}\n`)
  } catch {}
}

/** Ensures that the next command's `node` can run TypeScript: the pinned one, or the system's. */
function checkNode() {
  // Under npm this is the pinned Node, unless this run has just installed it.
  const launcher = isNewEnough(process.versions.node)
  if (!existsSync(pinnedNode)) {
    if (launcher) return
    fail(
      `${needsNode()}, and the pinned Node was not installed for ${process.platform} ${process.arch}.\n${INSTALL_NODE}`
    )
  }
  const { stdout } = spawnSync(pinnedNode, ['--version'], {
    encoding: 'utf8',
    shell: isWindows
  })
  if (isNewEnough(stdout?.trim().slice(1) ?? '')) return
  if (!launcher) {
    fail(`${needsNode()}, and the pinned Node does not run on this system.\n${INSTALL_NODE}`)
  }
  // A binary that can't run here (musl, an old libc) would shadow the working one in every npm script.
  rmSync(pinnedNode, { force: true })
}

function needsNode() {
  return `Node ${LEAST.major}.${LEAST.minor} or newer is needed; this is ${process.versions.node}`
}

/** @param {string} version as in `process.versions.node` */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > LEAST.major || (major === LEAST.major && minor >= LEAST.minor)
}

/** @param {string} message */
function log(message) {
  process.stderr.write(`${message}\n`)
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  log(message)
  process.exit(1)
}
