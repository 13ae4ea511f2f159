import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startApp, storageOf } from '#testing/app.ts'
import { runCli as run, startCli as start } from '#testing/cli-process.ts'
import { makeFolder } from '#testing/folder.ts'
import { ROOT, readText } from '#testing/sources.ts'
import { until } from '#testing/until.ts'

/** Backups, restores and moves of whole databases, through the command line as a process. */

const ADMIN = `fl_0123456789abcdef_${'a'.repeat(43)}`
const SEED = join(ROOT, 'apps', 'testing', 'fixtures', 'seed-csv')

/** The tables of the newest migration, from the snapshot of drizzle-kit. */
const TABLES = Object.values(
  JSON.parse(readText(newestSnapshot())).tables as Record<string, { name: string }>
)
  .map(({ name }) => name)
  .sort()

function newestSnapshot(): string {
  const { entries } = JSON.parse(readText('drizzle/meta/_journal.json')) as { entries: { idx: number }[] }
  return `drizzle/meta/${`${entries.at(-1)?.idx}`.padStart(4, '0')}_snapshot.json`
}

/** Starts a server on `storage` and adds rows to every table. */
async function startUsed(t: Test, storage: Record<string, string>) {
  const env = { AUTH: 'keys', ADMIN_KEY: ADMIN, RATE_LIMIT: 'off' }
  const running = await startApp(t, { storage, env })
  const headers = { 'x-api-key': ADMIN }
  const send = (method: string, path: string, json?: unknown, more = {}) =>
    running.request(method, path, { ...(json !== undefined && { json }), headers: { ...headers, ...more } })
  for (const kind of ['users', 'urls', 'events']) {
    const body = await readFile(join(SEED, `${kind}.csv`), 'utf8')
    const type = { 'content-type': 'text/csv' }
    t.equal(
      (await running.request('POST', `/${kind}/bulk`, { body, headers: { ...headers, ...type } })).status,
      201
    )
  }
  await send('POST', '/blocked-hosts', { host: 'bad.example' })
  const { json: key } = await send('POST', '/keys', {
    name: 'a key \\ "x"',
    role: 'admin',
    scopes: ['urls:read']
  })
  t.equal((await running.request('POST', '/session', { json: { key: key.key } })).status, 201)
  t.equal((await send('POST', '/api/tags', { name: 'a tag', color: '#123456' })).status, 201)
  const locked = { original_url: 'https://example.com/locked', password: 'a \\ secret' }
  t.equal((await send('POST', '/urls', locked)).status, 201)
  const link = { original_url: 'https://example.com/\\n\u2603', title: 'a\nb\t\\.' }
  const { json: url } = await send('POST', '/urls', link, { 'idempotency-key': 'once-and-for-all' })
  // A month without a partition, and one after all partitions.
  for (const timestamp of ['2024-02-03T04:05:06', '9999-01-01T00:00:00'])
    await running.request('POST', '/events/bulk', {
      json: [{ url_id: url.id, event_type: 'note', timestamp }],
      headers
    })
  const browser = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' }
  t.equal((await running.request('GET', `/${url.short_code}`, { headers: browser })).status, 302)
  await until(async () => (await send('GET', `/urls/${url.id}/stats`)).json.clicks === 1)
  running.app.outbox.consume('backup', async () => undefined, { concurrency: 0 })
  await running.app.outbox.add({ topic: 'backup', aggregate: '1', payload: { id: 1 } })
  return { ...running, send, url }
}

async function readManifest(folder: string) {
  return JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))
}

async function readRows(folder: string, table: string): Promise<string[][]> {
  const text = await readFile(join(folder, `${table}.copy`), 'utf8')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t'))
}

/** Asserts that two backups have identical rows and partitions. */
async function compare(t: Test, one: string, other: string): Promise<void> {
  const [a, b] = [await readManifest(one), await readManifest(other)]
  t.same(a.tables, b.tables)
  t.same(a.sequences, b.sequences)
  for (const table of TABLES)
    t.ok(
      (await readFile(join(one, `${table}.copy`))).equals(await readFile(join(other, `${table}.copy`))),
      table
    )
}

t.test('a backup restores to the same bytes, with every table in it', async (t) => {
  const folder = await makeFolder(t)
  const [one, two] = [join(folder, 'a', 'one'), join(folder, 'two')]
  const storage = await storageOf(t, 'alone')
  const { close, send } = await startUsed(t, storage)
  const { json: last } = await send('POST', '/users', { username: 'last', email: 'last@example.com' })
  await send('DELETE', `/users/${last.id}`)
  t.match(await run(storage, 'backup', one), {
    code: 0,
    err: '',
    out: /^api_keys: 2 rows\n[\s\S]* is complete\.\n$/
  })
  await close()

  const { tables, revision } = await readManifest(one)
  t.same(
    tables.map(({ name }: { name: string }) => name),
    TABLES
  )
  t.same(
    tables.filter(({ rows }: { rows: number }) => rows === 0),
    [],
    'the test has rows in all of them'
  )
  t.match(revision, { hash: /^[0-9a-f]{64}$/, created_at: /^\d+$/ })
  t.match(await run(storage, 'backup', one), {
    code: 1,
    out: '',
    err: /is there already: name a folder that is not/
  })
  t.same(await readdir(join(folder, 'a')), ['one'], 'no draft is left')

  const target = await storageOf(t, 'alone', { bare: true })
  t.match(await run(target, 'restore', one), {
    code: 0,
    err: '',
    out: /urls: 2,002 rows\n[\s\S]*is in the database\.\n$/
  })
  t.match(await run(target, 'backup', two), { code: 0, err: '' })
  await compare(t, one, two)
  t.match(await run(target, 'restore', one), {
    code: 1,
    out: '',
    err: /^The database has rows already \(in api_keys\)\. Use/
  })

  const restored = await startApp(t, { storage: target, env: { AUTH: 'keys', ADMIN_KEY: ADMIN } })
  const { json } = await restored.request('POST', '/users', {
    json: { username: 'new', email: 'new@example.com' },
    headers: { 'x-api-key': ADMIN }
  })
  t.equal(json.id, last.id + 1, 'no id is used again, not even one of a deleted row')
})

t.test('a backup beside a running server on its own database is one snapshot', async (t) => {
  const folder = join(await makeFolder(t), 'set')
  const storage = await storageOf(t, 'own')
  const { request } = await startApp(t, { storage })
  const { child, ended } = start(storage, 'backup', folder)
  const statuses = []
  while (child.exitCode === null)
    statuses.push((await request('POST', '/urls', { json: { original_url: 'https://example.com' } })).status)
  t.ok(statuses.every((status) => status === 201))
  const created = statuses.length
  t.match(await ended, { code: 0, err: '' })
  const urls = (await readRows(folder, 'urls')).map(([id]) => id)
  const events = await readRows(folder, 'events')
  t.ok(urls.length > 0 && urls.length <= created, `${urls.length} of ${created} links`)
  t.same(
    events.filter(([, , , type]) => type === 'created').map(([, id]) => id),
    urls
  )
  t.match(await run(storage, 'restore', folder), {
    code: 1,
    err: /in use by another Fairlead process[\s\S]*Stop the server/
  })
})

t.test('moves a database into another', async (t) => {
  const folder = await makeFolder(t)
  const storage = await storageOf(t, 'own')
  const { close, url } = await startUsed(t, storage)
  const target = await storageOf(t, 'alone', { bare: true })
  const to = String(target['DATABASE_URL'])
  t.match(await run(storage, 'move', '--to', to), {
    code: 1,
    out: '',
    err: /in use by another Fairlead process[\s\S]*Stop the server first/
  })
  await close()
  t.match(await run(storage, 'move'), { code: 2, err: /--to takes the URL/ })
  t.match(await run(storage, 'move', '--to', 'postgres://localhost:1/x'), { code: 1, err: /ECONNREFUSED/ })
  t.match(await run(storage, 'move', '--to', to), {
    code: 0,
    out: /users: 400 rows\n[\s\S]*Set DATABASE_URL/
  })
  t.match(await run(storage, 'move', '--to', to), { code: 1, out: '', err: /has rows already/ })
  for (const [env, name] of [
    [storage, 'one'],
    [target, 'two']
  ] as const)
    t.match(await run(env, 'backup', join(folder, name)), { code: 0 })
  await compare(t, join(folder, 'one'), join(folder, 'two'))
  const moved = await startApp(t, { storage: target })
  const { json } = await moved.request('POST', '/urls', { json: { original_url: 'https://example.com' } })
  t.equal(json.id, url.id + 1)
})
