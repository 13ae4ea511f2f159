import { spawnSync } from 'node:child_process'
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Profile, profiles, type Running, storageOf } from '#testing/app.ts'
import { makeFolder } from '#testing/folder.ts'
import { type ListeningServer, startServer } from '#testing/process.ts'
import { missing } from '#testing/programs.ts'
import { ROOT } from '#testing/sources.ts'
import { until } from '#testing/until.ts'

/**
 * Upgrades from 0.1.0, rollbacks to it, and both releases side by side, with 0.1.0 built from the git
 * history.
 */

const RELEASE = 'v0.1.0'
/** The commit of the release, for clones without its tag. */
const COMMIT = '2309769dbdb8ea614fc08666791db937fe4d0aea'
/** The parts of the tree that a server needs. */
const PARTS = ['apps', 'plugins', 'schema', 'drizzle', 'package.json', 'package-lock.json']

const tree = await makeFolder(t)

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { cwd: tree, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`)
}

/**
 * Extracts the release into {@link tree}, with the packages of the current tree if the lockfiles are equal.
 */
function buildRelease(): void {
  const hasTag = spawnSync('git', ['-C', ROOT, 'rev-parse', '--verify', '--quiet', `${RELEASE}^{commit}`])
  const commit = hasTag.status === 0 ? RELEASE : COMMIT
  // A shallow clone fails here: CI fetches the whole history.
  run('git', '-C', ROOT, 'archive', '--output', join(tree, 'release.tar'), commit, ...PARTS)
  run('tar', '-xf', 'release.tar')
  const [theirs, ours] = [tree, ROOT].map((folder) => readFileSync(join(folder, 'package-lock.json'), 'utf8'))
  if (theirs === ours) symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'))
  else run('npm', 'ci', '--omit=dev', '--omit=peer', '--ignore-scripts', '--no-audit', '--no-fund')
}

/**
 * Shortens the time until batches of a killed server are claimed and changes reach replicas without Redis.
 */
const HASTE = { CLICK_TAKE_OVER_MS: '500', CACHE_FRESH_MS: '200' }

const startNew = (t: Test, storage: Record<string, string>) => startServer(t, { ...HASTE, ...storage })

function startOld(t: Test, storage: Record<string, string>): Promise<ListeningServer> {
  const node = [process.execPath, '--import=./apps/preload.mjs', 'apps/server/main.ts']
  const command = ['sh', '-c', 'cd "$0" && exec "$@"', tree, ...node]
  return startServer(t, { ...HASTE, ...storage }, { command })
}

type Client = Pick<Running, 'request'>

async function create(
  { request }: Client,
  path: string,
  json: object
): Promise<{ id: number; short_code: string }> {
  const answer = await request('POST', path, { json })
  if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`)
  return answer.json
}

async function follow({ request }: Client, code: string): Promise<string | number> {
  const { status, headers } = await request('GET', `/${code}`)
  return headers.get('location') ?? status
}

/** Waits until `read` returns `expected`. */
async function becomes(
  t: Test,
  read: () => Promise<unknown>,
  expected: unknown,
  message: string
): Promise<void> {
  t.equal(await until(read, (value) => value === expected), expected, message)
}

async function countClicks({ request }: Client, id: number): Promise<number> {
  const { headers } = await request('GET', `/events?url_id=${id}&event_type=click&per_page=1&page=1`)
  return Number(headers.get('x-total-count'))
}

/** Creates users, links of each kind and the paths that read them. */
async function fill(server: Client) {
  const user = await create(server, '/users', { username: 'ada', email: 'ada@example.com' })
  const target = 'https://example.com/a?b=c#d'
  const links = {
    plain: await create(server, '/urls', { original_url: target, user_id: user.id, title: 'Ünïcode' }),
    chosen: await create(server, '/urls', { original_url: target, short_code: 'chosen-one' }),
    inactive: await create(server, '/urls', { original_url: target, is_active: false }),
    expiring: await create(server, '/urls', { original_url: target, expires_at: '2999-01-01T00:00:00' })
  }
  await server.request('PUT', `/urls/${links.chosen.id}`, { json: { title: 'Changed' } })
  const paths = [
    '/users',
    '/urls',
    `/users/${user.id}`,
    ...Object.values(links).flatMap(({ id }) => [`/urls/${id}`, `/events?url_id=${id}`])
  ]
  return { target, links, paths }
}

/** Reads a list by cursors, three rows a page. */
async function walk({ request }: Client, path: string): Promise<{ id: number }[]> {
  const rows: { id: number }[] = []
  for (let next: string | undefined = `${path}&per_page=3`; next !== undefined; ) {
    const { json, headers } = await request('GET', next)
    rows.push(...json)
    next = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1]
  }
  return rows
}

async function readAll({ request }: Client, paths: string[]): Promise<unknown[]> {
  return Promise.all(paths.map(async (path) => (await request('GET', path)).json))
}

buildRelease()

profiles(t, async (t, profile: Profile) => {
  const storage = { ...(await storageOf(t, profile, { bare: true })), PUBLIC_URL: 'https://sho.rt' }
  const old = await startOld(t, storage)
  const { target, links, paths } = await fill(old)
  const before = await readAll(old, paths)
  const codes = Object.values(links).map(({ short_code }) => short_code)
  const expected = [target, target, 404, target]
  const followAll = async (server: Client) => Promise.all(codes.map((code) => follow(server, code)))
  t.same(await followAll(old), expected, 'the old release redirects')
  // The kill leaves clicks in the Redis stream or in the local log, in the format of the old release.
  await old.end('SIGKILL')

  const current = await startNew(t, storage)
  t.same(await followAll(current), expected, 'the new release redirects from the old cache')
  for (const [name, { id }, count] of [
    ['plain', links.plain, 2],
    ['inactive', links.inactive, 0]
  ] as const)
    await becomes(t, () => countClicks(current, id), count, `clicks of ${name} are stored once`)
  // A resource may have new fields; the events have additional clicks.
  t.match(await readAll(current, paths), before, 'all that the old release showed is there')
  await current.request('PUT', `/urls/${links.plain.id}`, { json: { original_url: 'https://example.org/' } })
  const added = await create(current, '/urls', { original_url: 'https://example.net/' })
  await current.end()

  const again = await startOld(t, storage)
  t.equal(await follow(again, links.plain.short_code), 'https://example.org/', 'a rollback sees a change')
  t.equal(await follow(again, added.short_code), 'https://example.net/', 'and a new link')
  await becomes(t, () => countClicks(again, links.plain.id), 3, 'and counts its clicks')
  await again.end()
})

t.test('both releases serve side by side', { skip: missing('redis-server') }, async (t) => {
  const shared = await storageOf(t, 'redis', { bare: true })
  const common = { ...shared, PUBLIC_URL: 'https://sho.rt', REPLICAS: '2' }
  const own = (name: string) => ({ ...common, DATA_DIR: join(shared['DATA_DIR'] ?? '', name) })
  const old = await startOld(t, own('old'))
  const link = await create(old, '/urls', { original_url: 'https://example.com/0' })
  const current = await startNew(t, own('new'))
  const both = [old, current]
  let clicks = 0
  for (const [index, author] of [...both, ...both].entries()) {
    const target = `https://example.com/${index + 1}`
    await author.request('PUT', `/urls/${link.id}`, { json: { original_url: target } })
    for (const reader of both) {
      const read = async () => {
        const location = await follow(reader, link.short_code)
        clicks++
        return location
      }
      await becomes(t, read, target, `change ${index} is seen by both`)
    }
  }
  for (const author of both) {
    const { short_code } = await create(author, '/urls', { original_url: 'https://example.org/' })
    for (const reader of both) t.equal(await follow(reader, short_code), 'https://example.org/')
  }
  const rules = {
    original_url: 'https://example.org/',
    short_code: 'guarded',
    starts_at: '2001-01-01T00:00:00'
  }
  const guarded = await create(current, '/urls', { ...rules, aliases: ['other-code'] })
  for (const code of ['guarded', 'other-code']) {
    t.equal(await follow(current, code), 'https://example.org/', `${code} leads to its target`)
    t.equal(await follow(old, code), 404, `${code} is unknown to the old release`)
    const draft = { original_url: 'https://example.net/', short_code: code }
    for (const author of both) t.equal((await author.request('POST', '/urls', { json: draft })).status, 409)
  }
  // The old release lists it as inactive.
  await current.request('DELETE', `/urls/${guarded.id}`)
  const lists = ['/users', '/urls', '/events?event_type=created']
  const [byOld, byNew] = [await readAll(old, lists), await readAll(current, lists)]
  t.match(byNew, byOld, 'the lists of both have the same rows and times')
  const sorted = await walk(current, '/urls?sort=-created_at&q=example')
  t.same(
    sorted.map(({ id }) => id).sort((one, other) => one - other),
    (byOld[1] as { id: number }[]).map(({ id }) => id),
    'cursors and the search find the links of both'
  )
  for (const reader of both)
    await becomes(t, () => countClicks(reader, link.id), clicks, 'each redirect is one click for both')
  await current.request('DELETE', `/urls/${link.id}`)
  for (const reader of both)
    await becomes(t, () => follow(reader, link.short_code), 404, 'a deletion is seen by both')
})

t.test(
  'the release before never serves a link that a rule restricts',
  { skip: missing('redis-server') },
  async (t) => {
    const shared = await storageOf(t, 'redis', { bare: true })
    const common = { ...shared, PUBLIC_URL: 'https://sho.rt', REPLICAS: '3' }
    const own = (name: string) => ({ ...common, DATA_DIR: join(shared['DATA_DIR'] ?? '', name) })
    const old = await startOld(t, own('old'))
    const current = await startNew(t, own('new'))
    const target = 'https://example.com/'
    const started = await create(current, '/urls', { original_url: target, starts_at: '2020-01-01T00:00:00' })
    const scheduled = await create(current, '/urls', {
      original_url: target,
      starts_at: '2999-01-01T00:00:00'
    })
    const later = await create(old, '/urls', { original_url: target })
    const tagged = await create(current, '/urls', { original_url: target, utm: { source: 'mail' } })
    const marked = `${target}?utm_source=mail`
    const codes = [started, scheduled, later, tagged].map(({ short_code }) => short_code)
    const followAll = (server: Client) => Promise.all(codes.map((code) => follow(server, code)))
    t.same(await followAll(current), [target, 404, target, marked])
    t.same(await followAll(old), [404, 404, target, target], 'the release before refuses them')

    await current.request('PUT', `/urls/${later.id}`, { json: { starts_at: '2020-01-01T00:00:00' } })
    await becomes(t, () => follow(old, later.short_code), 404, 'a rule that was set later counts')
    await old.request('PUT', `/urls/${started.id}`, { json: { title: 'By the release before' } })
    t.equal(await follow(old, started.short_code), 404, 'also after a change by the release before')
    t.equal(await follow(current, started.short_code), target)

    const another = await startNew(t, own('another'))
    t.same(
      await followAll(another),
      [target, 404, target, marked],
      'entries of the release before are not read'
    )
    await current.request('PUT', `/urls/${started.id}`, { json: { starts_at: null } })
    await becomes(
      t,
      () => follow(old, started.short_code),
      target,
      'without the rule it serves the link again'
    )
  }
)
