import t from 'tap'
import { listFiles, readImports, readText } from './sources.ts'

/**
 * The installed packages are the reviewed ones: the lockfile pins every package by a hash, for every system.
 * It names no registry, so any configured one works; the hashes make the source irrelevant.
 */

interface Entry {
  version?: string
  resolved?: string
  integrity?: string
  link?: boolean
  hasInstallScript?: boolean
  optional?: boolean
  dev?: boolean
  devOptional?: boolean
  peer?: boolean
  optionalDependencies?: Record<string, string>
}

const { packages } = JSON.parse(readText('package-lock.json')) as { packages: Record<string, Entry> }
const manifest = JSON.parse(readText('package.json')) as Record<
  'dependencies' | 'peerDependencies' | 'devDependencies' | 'optionalDependencies' | 'scripts',
  Record<string, string>
> & { allowScripts: Record<string, boolean> }
const entries = Object.entries(packages).filter(([path]) => path !== '')

/** Platforms that packages list but that were never published, so they can't be installed. */
const UNPUBLISHED = /^@(biomejs|oxc-parser|oxc-resolver)\/.*(android|openharmony)/

t.test('every package has a version and a strong hash', async (t) => {
  t.ok(entries.length >= 400, `${entries.length} packages`)
  t.same(
    entries.filter(
      ([, { version, integrity }]) => !version || !/^sha512-[\w+/]{86}==$/.test(integrity ?? '')
    ),
    []
  )
})

t.test('no package comes from a repository, a file or a plain connection', async (t) => {
  t.same(
    entries.filter(([, { resolved, link }]) => link || (resolved && !resolved.startsWith('https://'))),
    []
  )
  for (const kind of ['dependencies', 'peerDependencies', 'devDependencies', 'optionalDependencies'] as const)
    for (const [name, range] of Object.entries(manifest[kind]))
      t.match(range, /^[\^~]?\d+\.\d+\.\d+(-[\w.]+)?$/, `${name} is a release`)
})

// npm omits packages that it could not find for the lockfile, and `npm ci` then refuses to install.
t.test('what a package offers for other systems is in the lockfile too', async (t) => {
  const names = new Set(entries.map(([path]) => path.split('node_modules/').at(-1)))
  const wanted = entries.flatMap(([, { optionalDependencies = {} }]) => Object.keys(optionalDependencies))
  t.ok(wanted.length >= 30, `${wanted.length} packages`)
  t.same(
    wanted.filter((name) => !names.has(name) && !UNPUBLISHED.test(name)),
    []
  )
})

t.test('only packages that were allowed to run a script at installation', async (t) => {
  const scripted = entries
    .filter(([, { hasInstallScript, optional }]) => hasInstallScript && !optional)
    .map(([path]) => path.split('node_modules/').at(-1) ?? '')
  t.same(
    [...new Set(scripted)].filter((name) => manifest.allowScripts[name] !== true),
    []
  )
})

t.test('what runs in production needs no development dependency', async (t) => {
  const files = listFiles(['apps', 'plugins', 'schema'], /\.ts$/).filter(
    (file) => !/\.test\.ts$|^apps\/(testing|acceptance|dashboard)\//.test(file)
  )
  t.ok(files.length >= 70, `${files.length} files`)
  const found = new Set<string>()
  for (const file of files) {
    for (const { specifier, isType } of readImports(readText(file))) {
      if (isType || /^[.#]|^node:/.test(specifier)) continue
      found.add(
        specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/')
      )
    }
  }
  t.same(
    [...found].filter((name) => !(name in manifest.dependencies || name in manifest.peerDependencies)),
    []
  )
})

t.test('production is small: packages of other systems and of tracing aside', async (t) => {
  const isLeftOut = ({ dev, peer, devOptional, optional }: Entry) => dev || peer || devOptional || optional
  const names = entries.filter(([, entry]) => !isLeftOut(entry)).map(([path]) => path)
  // The rest are PostgreSQL, Node, and the types that drizzle-orm names.
  t.ok(names.length <= 140, `${names.length} packages`)
  t.same(
    names.filter((path) => /otel|opentelemetry\/sdk|typebox|pino-pretty|undici/.test(path)),
    []
  )
})

t.test('every script installs what it needs first', async (t) => {
  const { scripts } = manifest
  const names = Object.keys(scripts).filter((name) => !(name.startsWith('pre') && name.slice(3) in scripts))
  for (const name of names) {
    // A clone has no build of the dashboard.
    const build = ['start', 'demo'].includes(name) ? ' && env node ops/dashboard/main.ts' : ''
    t.equal(scripts[`pre${name}`], `node ops/local/install.mjs${build}`, name)
  }
  t.ok(names.length <= 19, `there are few scripts: ${names.join()}`)
})

t.test(
  'every start of Node has the same arguments, because its cache of compiled code depends on them',
  async (t) => {
    const places = {
      'package.json': 2,
      'compose.yaml': 1,
      'ops/docker/Dockerfile': 2,
      'ops/systemd/fairlead.service': 1,
      'ops/kubernetes/base/worker.yaml': 1
    }
    const argument = /--(max-semi-space-size|heap-growing-percent)=\d+|--no-parallel-scavenge/g
    const found = Object.keys(places).map((file) => readText(file).match(argument))
    const expected = ['--max-semi-space-size=8', '--no-parallel-scavenge', '--heap-growing-percent=30']
    t.same(
      found,
      Object.values(places).map((starts) => Array.from({ length: starts }, () => expected).flat())
    )
  }
)
