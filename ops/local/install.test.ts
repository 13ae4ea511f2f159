import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'

/** A project with a lockfile of one package of each sort, and an npm that only notes how it is called. */
async function createProject(t: Test, { exitCode = 0, node = 'v24.21.0' } = {}) {
  const root = await mkdtemp(join(tmpdir(), 'fairlead-install-'))
  t.teardown(() => rm(root, { recursive: true, force: true }))
  await mkdir(join(root, 'ops', 'local'), { recursive: true })
  await cp(join(import.meta.dirname, 'install.mjs'), join(root, 'ops', 'local', 'install.mjs'))
  const packages = {
    '': { name: 'project' },
    'node_modules/server': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/tool': { version: '1.0.0', integrity: 'sha512-b', dev: true },
    'node_modules/other-system': { version: '1.0.0', integrity: 'sha512-c', optional: true }
  }
  const lock = (more: object = {}) =>
    writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages: { ...packages, ...more } }))
  await lock()
  // Does what the real one leaves behind, the list of what it has installed included.
  const npm = `
    import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
    appendFileSync('calls', process.argv.slice(2).join(' ') + '\\n')
    if (${exitCode}) process.exit(${exitCode})
    const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
    for (const [path, { dev }] of Object.entries(packages))
      if (path === '' || (dev && process.argv.includes('--omit=dev'))) delete packages[path]
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
  const calls = async () => {
    const text = await readFile(join(root, 'calls'), 'utf8').catch(() => '')
    return text.split('\n').filter(Boolean)
  }
  return { root, run, lock, calls }
}

t.test('installs what the lockfile says, once', async (t) => {
  const { run, calls } = await createProject(t)
  const first = run('prestart')
  t.equal(first.status, 0, first.stderr)
  t.equal(first.stdout, '', 'which belongs to the command that follows')
  t.match(first.stderr, /first run/)
  t.same(await calls(), ['ci --no-audit --no-fund --loglevel=error --include=dev'])
  const second = run('pretest')
  t.equal(second.stdout + second.stderr, '', 'there was nothing to do and nothing to say')
  t.equal((await calls()).length, 1)
})

t.test('installs again when the lockfile has changed', async (t) => {
  const { run, lock, calls } = await createProject(t)
  run('prestart')
  await lock({ 'node_modules/new': { version: '1.0.0', integrity: 'sha512-d' } })
  t.match(run('prestart').stderr, /package-lock\.json has changed/)
  t.equal((await calls()).length, 2)
})

t.test('leaves alone what was installed by hand', async (t) => {
  const { root, run, calls } = await createProject(t)
  run('prestart')
  await rm(join(root, 'node_modules', '.fairlead-install'))
  t.equal(run('prestart').status, 0)
  t.equal((await calls()).length, 1)
})

t.test('in production a start needs no development dependencies, a test does', async (t) => {
  const { run, calls } = await createProject(t)
  const production = { NODE_ENV: 'production' }
  run('prestart', production)
  run('prestart')
  run('precli')
  t.same(await calls(), ['ci --no-audit --no-fund --loglevel=error --omit=dev'])
  run('pretest', production)
  t.same((await calls()).slice(1), ['ci --no-audit --no-fund --loglevel=error --include=dev'])
})

t.test('says what to look at when the installation fails, and starts nothing', async (t) => {
  const { run } = await createProject(t, { exitCode: 7 })
  const { status, stderr } = run('prestart')
  t.equal(status, 1)
  t.match(stderr, /could not be installed \(npm ci ended with 7\)/)
})

t.test('takes a pinned Node that does not run here out of the way of a good one', async (t) => {
  const { root, run } = await createProject(t, { node: 'not found' })
  t.equal(run('prestart').status, 0)
  await t.rejects(readFile(join(root, 'node_modules', '.bin', 'node')), { code: 'ENOENT' })
})

t.test('refuses when neither the system nor the pinned Node is new enough', async (t) => {
  const { root, run } = await createProject(t, { node: 'v20.1.0' })
  // As an old launcher would see itself.
  const script = join(root, 'ops', 'local', 'install.mjs')
  const text = await readFile(script, 'utf8')
  await writeFile(script, text.replaceAll('process.versions.node', `'20.20.2'`))
  const { status, stderr } = run('prestart')
  t.equal(status, 1)
  t.match(stderr, /Node 22\.19 or newer is needed; this is 20\.20\.2/)
})

t.test('works without a folder that it can write to', async (t) => {
  const { root, run } = await createProject(t)
  run('prestart')
  await rm(join(root, 'node_modules', '.fairlead-install'))
  await chmod(join(root, 'node_modules'), 0o555)
  t.equal(run('prestart').status, 0)
  await chmod(join(root, 'node_modules'), 0o755)
})
