import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import t, { type Test } from 'tap'
import { makeWarmLink, sendVisitors, storedClicks } from '#testing/click-context.ts'
import { makeFolder } from '#testing/folder.ts'
import { type ListeningServer, spawnServer, startServer } from '#testing/process.ts'
import { startPostgres } from '#testing/servers.ts'
import { mountSmallDisk, whyNoSmallDisk } from '#testing/small-disk.ts'
import { until } from '#testing/until.ts'

/**
 * Without Redis, clicks wait in the local log. Each redirect is stored as exactly one event, whatever fails.
 */

async function createContext(t: Test, dataDir?: string) {
  const postgres = await startPostgres(t, { fsync: true })
  const folder = dataDir ?? (await makeFolder(t))
  const env = { DATA_DIR: folder, DATABASE_URL: postgres.url, DATABASE_CONNECT_TIMEOUT_MS: '500' }
  /** Blocks the storage of clicks, and nothing else, until the returned function is called. */
  async function holdStorage(): Promise<() => Promise<void>> {
    const client = new pg.Client({ connectionString: postgres.url })
    await client.connect()
    // Blocks writers of this table, but not readers (PostgreSQL, 13.3.1 Table-Level Locks).
    await client.query('BEGIN; LOCK TABLE url_stats_hourly IN SHARE MODE')
    return () => client.end()
  }
  return { postgres, folder, env, holdStorage, start: () => startServer(t, env) }
}

/** Returns the first answer without pending clicks. The delay depends on the machine. */
const settled = ({ request }: ListeningServer, path: string) =>
  until(
    () => request('GET', path),
    ({ headers }) => !headers.has('x-clicks-pending')
  )

const countClicks = async ({ request }: ListeningServer) => {
  const { json, headers } = await request('GET', '/events?event_type=click')
  return { clicks: json.length as number, pending: headers.get('x-clicks-pending') }
}

t.test('repeated SIGKILLs between append and storage neither lose nor repeat clicks', async (t) => {
  const { start, postgres, holdStorage } = await createContext(t)
  let server = await start()
  await makeWarmLink(server, 'warm')
  let given = 1
  let uncertain = 0
  for (let round = 0; round < 4; round++) {
    const release = await holdStorage()
    const visitors = sendVisitors(server, '/warm')
    await visitors.untilGiven(300)
    await server.end('SIGKILL')
    await visitors.leave()
    await release()
    given += visitors.aggregate.given
    // Its click may be in the log although its answer was not sent.
    uncertain += 8
    server = await start()
    await server.request('GET', '/warm')
    given++
  }
  const { clicks, distinct } = await storedClicks(postgres.url, given)
  t.equal(clicks, distinct, 'none is there twice')
  t.ok(clicks >= given && clicks <= given + uncertain, `${clicks} of ${given}`)
})

t.test('without PostgreSQL redirects continue, and their clicks are stored when it returns', async (t) => {
  const { start, postgres } = await createContext(t)
  const server = await start()
  await makeWarmLink(server, 'warm')
  const visitors = sendVisitors(server, '/warm')
  await postgres.kill()
  await visitors.untilGiven(500)
  await postgres.start()
  await visitors.untilGiven(100)
  await visitors.leave()
  t.equal(visitors.aggregate.refused.size, 0)
  const given = visitors.aggregate.given + 1
  t.same(await storedClicks(postgres.url, given), { clicks: given, distinct: given })
})

t.test('a clean end stores everything and leaves no log', async (t) => {
  const { start, postgres, folder } = await createContext(t)
  const server = await start()
  await makeWarmLink(server, 'warm')
  const visitors = sendVisitors(server, '/warm')
  await visitors.untilGiven(200)
  await visitors.leave()
  t.same(await server.end(), { code: 0, signal: null })
  t.same(await readdir(join(folder, 'clicks', '0')), [])
  const given = visitors.aggregate.given + 1
  t.same(await storedClicks(postgres.url, 0), { clicks: given, distinct: given })
})

t.test(
  'with a full disk redirects are 503, and continue when there is space',
  { skip: whyNoSmallDisk() },
  async (t) => {
    const disk = mountSmallDisk(t, 8)
    const { start, postgres } = await createContext(t, join(disk.path, 'data'))
    const server = await start()
    await makeWarmLink(server, 'warm')
    const filler = join(disk.path, 'filler')
    await writeFile(filler, Buffer.alloc(16 * 1024 * 1024)).catch(() => undefined)
    const visitors = sendVisitors(server, '/warm')
    // Preallocated space in the log still has room for records.
    await until(() => visitors.aggregate.refused.has(503))
    const refused = await server.request('GET', '/warm')
    t.equal(refused.status, 503)
    t.ok(Number(refused.headers.get('retry-after')) > 0)
    t.equal((await server.request('GET', '/urls')).status, 200)
    await rm(filler)
    await visitors.untilGiven(200)
    await visitors.leave()
    t.same([...visitors.aggregate.refused.keys()], [503])
    const given = visitors.aggregate.given + 1
    t.same(
      await storedClicks(postgres.url, given),
      { clicks: given, distinct: given },
      'and none that was refused'
    )
  }
)

t.test('without storage for clicks it does not start', async (t) => {
  const { env, folder } = await createContext(t)
  await writeFile(join(folder, 'clicks'), 'a file in its way')
  const refused = spawnServer(t, env)
  t.equal((await refused.exited).code, 1)
  t.match(refused.output(), /clicks is not writable .*DATA_DIR writable .*REDIS_URL/)
  t.notMatch(refused.output(), /^ +at /m, 'without a stack')
  if (whyNoSmallDisk()) return
  const disk = mountSmallDisk(t, 8)
  disk.remount('ro')
  const readOnly = spawnServer(t, { ...env, DATA_DIR: join(disk.path, 'data') })
  t.equal((await readOnly.exited).code, 1)
  t.match(readOnly.output(), /clicks is not writable/)
})

t.test('events and statistics include every redirect answered before', async (t) => {
  const { start } = await createContext(t)
  const server = await start()
  await makeWarmLink(server, 'warm')
  const [event] = (await settled(server, '/events?event_type=click')).json
  t.match((await settled(server, `/events/${event.id}`)).json, { event_type: 'click' })
  for (let given = 2; given < 20; given++) {
    t.equal((await server.request('GET', '/warm')).status, 302)
    t.equal((await settled(server, '/events?event_type=click')).json.length, given)
    t.equal((await server.request('GET', '/warm')).status, 302)
    t.equal((await settled(server, '/urls/1/stats')).json.clicks, ++given)
    t.equal((await settled(server, '/stats')).json.clicks, given)
  }
})

t.test("if clicks can't be stored in time, the answer says that some may be missing", async (t) => {
  const { start, holdStorage } = await createContext(t)
  const server = await start()
  await makeWarmLink(server, 'warm')
  t.same(await countClicks(server), { clicks: 1, pending: null })
  const release = await holdStorage()
  await server.request('GET', '/warm')
  t.same(await countClicks(server), { clicks: 1, pending: 'true' })
  t.equal((await server.request('GET', '/urls/1/stats')).headers.get('x-clicks-pending'), 'true')
  t.equal(
    (await server.request('GET', '/urls')).headers.get('x-clicks-pending'),
    null,
    'links have no clicks'
  )
  await release()
  t.equal((await settled(server, '/events?event_type=click')).json.length, 2)
})
