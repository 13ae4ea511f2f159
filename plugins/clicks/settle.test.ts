import pg from 'pg'
import t, { type Test } from 'tap'
import { buildApp } from '#apps/app.ts'
import { readConfig } from '#apps/config.ts'
import { hasRedis, type Running, startApp, storageOf } from '#testing/app.ts'
import { makeWarmLink } from '#testing/click-context.ts'
import { startServer } from '#testing/process.ts'

/** Reads wait for unstored clicks: across replicas, in buffers, and in logs of other processes. */

const skip = !hasRedis() && 'there are no servers'

/** Creates empty storage without Redis. */
async function storageWithoutRedis(t: Test): Promise<Record<string, string>> {
  const { REDIS_URL: _url, REDIS_PREFIX: _prefix, ...storage } = await storageOf(t, 'redis')
  return storage
}

async function connect(t: Test, storage: Record<string, string>): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: storage['DATABASE_URL'] })
  await client.connect()
  t.teardown(() => client.end().catch(() => undefined))
  return client
}

async function countStored(client: pg.Client): Promise<number> {
  const { rows } = await client.query(`SELECT count(*)::int AS count FROM events WHERE event_type = 'click'`)
  return rows[0].count
}

async function read({ request }: Pick<Running, 'request'>) {
  const { json, headers } = await request('GET', '/events?event_type=click')
  return { clicks: json.length as number, pending: headers.get('x-clicks-pending') }
}

/** Returns the clicks of the first answer without the header. The delay depends on the machine. */
async function readSettled(app: Pick<Running, 'request'>): Promise<number> {
  for (;;) {
    const { clicks, pending } = await read(app)
    if (pending === null) return clicks
  }
}

t.test('with Redis every replica sees the clicks of all', { skip }, async (t) => {
  const storage = await storageOf(t, 'redis')
  const first = await startApp(t, { storage, env: { CLICK_DRAIN: 'off' } })
  const second = await startApp(t, { storage })
  await makeWarmLink(first, 'warm')
  for (let given = 2; given < 20; given++) {
    const [asked, reader] = given % 2 ? [first, second] : [second, first]
    t.equal((await asked.request('GET', '/warm')).status, 302)
    t.equal(await readSettled(reader), given)
  }
})

t.test(
  'without a consumer of the stream, answers say that some clicks may be missing',
  { skip },
  async (t) => {
    const app = await startApp(t, { env: { CLICK_DRAIN: 'off' } })
    t.same(await read(app), { clicks: 0, pending: null })
    await makeWarmLink(app, 'warm')
    t.same(await read(app), { clicks: 0, pending: 'true' })
  }
)

t.test('readers do not wait for a full buffer of clicks', { skip }, async (t) => {
  for (const storage of [await storageOf(t, 'redis'), await storageWithoutRedis(t)]) {
    const app = await startApp(t, { storage, env: { CLICK_DURABILITY: 'buffered', CLICK_WAIT_MS: '10000' } })
    await makeWarmLink(app, 'warm')
    t.equal(await readSettled(app), 1)
    await app.close()
  }
})

t.test('a process without its own log settles those of others, running or not', { skip }, async (t) => {
  const storage = await storageWithoutRedis(t)
  const config = readConfig({ ...storage, PORT: '0' })
  const reader = await buildApp(config, { routes: false })
  t.teardown(() => reader.close())
  await reader.ready()
  const client = await connect(t, storage)
  const hold = () => client.query('BEGIN; LOCK TABLE url_stats_hourly IN SHARE MODE')
  const alive = await startApp(t, { storage })
  const dying = await startServer(t, storage)
  await hold()
  await makeWarmLink(alive, 'alive')
  await makeWarmLink(dying, 'dying')
  await dying.end('SIGKILL')
  t.equal(await reader.clicks.settle(0), true, 'it has none of its own')
  t.equal(await reader.clicks.settle(50, { others: true }), false)
  await client.query('COMMIT')
  t.equal(await reader.clicks.settle(20_000, { others: true }), true)
  t.equal(await countStored(client), 2, 'stored by then, and once')
})

t.test('the description has the header on routes whose answers contain clicks', async (t) => {
  const app = await startApp(t)
  const { paths } = (await app.request('GET', '/openapi.json')).json
  const headersOf = (path: string) => Object.keys(paths[path].get.responses['200'].headers ?? {})
  for (const path of ['/events', '/events/{id}', '/stats', '/urls/{id}/stats'])
    t.ok(headersOf(path).includes('X-Clicks-Pending'), path)
  t.same(headersOf('/urls'), ['X-Total-Count', 'X-Total-Count-Relation', 'Link'])
})
