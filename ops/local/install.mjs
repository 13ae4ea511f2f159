// Runs before `npm start`, `npm test` and `npm run cli`, so that a fresh clone needs no other command: installs the
// locked dependencies when they are missing or older than package-lock.json. Plain JavaScript without dependencies,
// because it must also run on the older Node that may only serve as the launcher of the pinned one.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const lockFile = join(root, 'package-lock.json')
const installed = join(root, 'node_modules')
const stampFile = join(installed, '.fairlead-install')
const pinnedNode = join(installed, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node')
// biome-ignore lint/style/noProcessEnv: what npm tells its scripts comes by environment only
const env = process.env

/** The least Node that runs this project: it strips types, and the metrics client supports it. */
const LEAST = { major: 22, minor: 19 }

const lock = readFileSync(lockFile, 'utf8')
const hash = createHash('sha256').update(lock).digest('hex')
// Serving and the command line need no development dependencies; everything else does.
const serves = env['npm_lifecycle_event'] === 'prestart' || env['npm_lifecycle_event'] === 'precli'
const omitsDev = env['NODE_ENV'] === 'production' || /\bdev\b/.test(env['npm_config_omit'] ?? '')

if (!isStamped()) {
  if (!isInstalled(!serves)) install()
  stamp()
  checkNode()
}

/** Whether an earlier run of this script has seen this lockfile installed, with all that is needed now. */
function isStamped() {
  try {
    const [seen, extent] = readFileSync(stampFile, 'utf8').trim().split(' ')
    return seen === hash && (serves || extent === 'all')
  } catch {
    return false
  }
}

/**
 * Whether what npm says it has put into node_modules is what the lockfile asks for: then somebody has run
 * `npm ci` or `npm install` by hand.
 * @param {boolean} dev whether development dependencies must be there
 */
function isInstalled(dev) {
  try {
    const wanted = JSON.parse(lock).packages
    const found = JSON.parse(readFileSync(join(installed, '.package-lock.json'), 'utf8')).packages
    return Object.entries(wanted).every(([path, entry]) => {
      if (!path || entry.optional || entry.devOptional || (entry.dev && !dev)) return true
      return found[path]?.version === entry.version && found[path]?.integrity === entry.integrity
    })
  } catch {
    return false
  }
}

/** Runs `npm ci`, and ends the process with a clear message when that fails. */
function install() {
  const why = existsSync(installed) ? 'package-lock.json has changed' : 'first run'
  say(`Installing dependencies (${why}; this takes a while once) ...`)
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  args.push(serves && omitsDev ? '--omit=dev' : '--include=dev')
  // The npm that runs us, on the node that runs it: not the pinned one, which npm is about to replace.
  const npm = env['npm_execpath']
  const [command, first] = npm ? [env['npm_node_execpath'] ?? process.execPath, [npm]] : ['npm', []]
  // Standard output belongs to the command that comes next.
  const { status, error } = spawnSync(command, [...first, ...args], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: !npm && process.platform === 'win32'
  })
  if (status === 0) return
  fail(
    `Dependencies could not be installed (${error ? error.message : `npm ci ended with ${status}`}).\n` +
      'See the lines above: is the registry reachable, the disk full, package-lock.json complete?\n' +
      'Nothing has been started. When it is mended, run the same command again.'
  )
}

/** Remembers what was installed; without a writable folder the next run just looks again. */
function stamp() {
  try {
    writeFileSync(stampFile, `${hash} ${isInstalled(true) ? 'all' : 'production'}\n`)
  } catch {}
}

/** Makes sure that the `node` of the next command can run TypeScript: the pinned one, or the system's. */
function checkNode() {
  // Under npm this is the pinned node, unless it has been installed just now.
  const launcher = isNewEnough(process.versions.node)
  if (!existsSync(pinnedNode)) {
    if (launcher) return
    fail(
      `Node ${LEAST.major}.${LEAST.minor} or newer is needed; this is ${process.versions.node}, and the pinned Node was not ` +
        `installed for ${process.platform} ${process.arch}.\nInstall Node 24 (https://nodejs.org) and run the ` +
        'same command again.'
    )
  }
  const { stdout } = spawnSync(pinnedNode, ['--version'], {
    encoding: 'utf8',
    shell: process.platform === 'win32'
  })
  if (isNewEnough(stdout?.trim().slice(1) ?? '')) return
  if (!launcher) {
    fail(
      `Node ${LEAST.major}.${LEAST.minor} or newer is needed; this is ${process.versions.node}, and the pinned Node does not run ` +
        'on this system.\nInstall Node 24 (https://nodejs.org) and run the same command again.'
    )
  }
  // A binary that can't run here (musl, an old libc) would shadow the good one in every npm script.
  rmSync(pinnedNode, { force: true })
}

/** @param {string} version as in `process.versions.node` */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > LEAST.major || (major === LEAST.major && minor >= LEAST.minor)
}

/** @param {string} message */
function say(message) {
  process.stderr.write(`${message}\n`)
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  say(message)
  process.exit(1)
}
