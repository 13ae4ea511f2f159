import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import pg from 'pg'
import t, { type Test } from 'tap'
import type { Executor } from '#platform/database/index.ts'
import { type Running, startApp } from '#testing/app.ts'
import { missing } from '#testing/programs.ts'
import { startPostgres } from '#testing/servers.ts'
import { startStandby } from '#testing/standby.ts'
import { until } from '#testing/until.ts'

/** Lists and statistics from a real hot standby that lags, dies, recovers and is promoted. */

const skip = missing('postgres') || missing('pg_basebackup')
const MAX_LAG_MS = 4_000

t.test('with a hot standby', { skip }, async (t) => {
  const primary = await startPostgres(t, { fsync: true, installed: true })
  const standby = await startStandby(t, primary)
  const folder = await makeDataDir(t)
  const storage = {
    DATA_DIR: folder,
    DATABASE_URL: primary.url,
    DATABASE_READ_URL: standby.url,
    DATABASE_READ_MAX_LAG_MS: `${MAX_LAG_MS}`,
    DATABASE_CONNECT_TIMEOUT_MS: '500'
  }
  const app = await startApp(t, { storage })
  const { request } = app
  const listed = async () =>
    (await request('GET', '/urls')).json.map((url: { short_code: string }) => url.short_code)
  const create = async (code: string) =>
    (await request('POST', '/urls', { json: { original_url: 'https://example.com/', short_code: code } }))
      .json
  const onStandby = async (text: string) => {
    const client = new pg.Client({ connectionString: standby.url })
    await client.connect()
    const { rows } = await client.query(text)
    await client.end()
    return rows
  }

  await t.test('lists come from it, links by id from the primary, and redirects are never old', async (t) => {
    t.ok(await used(app, true), 'the standby is used')
    await create('seen')
    t.same(await until(listed, (codes) => codes.length === 1), ['seen'])
    t.equal((await request('GET', '/seen')).status, 302)
    await onStandby('SELECT pg_wal_replay_pause()')
    const { id } = await create('unseen')
    t.same(await listed(), ['seen'], 'the list is what the standby has')
    const events = await request('GET', `/events?url_id=${id}`)
    t.match(events.json, [{ event_type: 'created' }], 'events are what the primary has')
    t.equal(events.headers.get('x-clicks-pending'), null)
    t.equal((await request('GET', `/urls/${id}`)).json.short_code, 'unseen')
    t.equal((await request('GET', '/unseen')).status, 302)
    await request('DELETE', `/urls/${id}`)
    t.equal((await request('GET', '/unseen')).status, 404)
    const { readStale, readFresh, transaction } = app.app.database
    const isStandby = async (on: Executor) => {
      const { rows } = await on.execute<{ answer: boolean }>(sql`select pg_is_in_recovery() as answer`)
      return rows[0]?.answer
    }
    const inside = [
      await transaction(() => readStale(isStandby)),
      await transaction(() => readFresh(null, isStandby))
    ]
    t.same([await readStale(isStandby), ...inside], [true, false, false], 'a transaction reads what it wrote')
  })

  await t.test('concurrent readers each see all earlier writes', async (t) => {
    await onStandby('SELECT pg_wal_replay_resume()')
    t.ok(await used(app, true))
    const held = holdPositions(app)
    // From here on the poll of the standby waits too. The next two positions are those of the readers.
    await held.reach(1)
    const early = request('GET', '/events')
    await held.reach(2)
    const { rows } = await app.app.database.pool.query('SELECT pg_current_wal_lsn()::text AS lsn')
    const replayed = () => onStandby(`SELECT pg_last_wal_replay_lsn() >= '${rows[0].lsn}' AS is_done`)
    t.match(await until(replayed, ([row]) => row.is_done), [{ is_done: true }])
    await onStandby('SELECT pg_wal_replay_pause()')
    const { id } = await create('after')
    const late = request('GET', `/events?url_id=${id}`)
    await held.reach(3)
    held.releaseNewestFirst()
    t.equal((await early).status, 200)
    const { json, headers } = await late
    // A reader waits 250 ms for its position, which a busy machine may exceed.
    if (headers.get('x-clicks-pending') === null) t.match(json, [{ event_type: 'created' }])
    await request('DELETE', `/urls/${id}`)
  })

  await t.test('a standby of another database is not used', async (t) => {
    const { url } = await startPostgres(t, { installed: true })
    const { log } = await startLogging(t, {
      DATABASE_URL: url,
      DATABASE_READ_URL: standby.url
    })
    t.match(await until(log, (text) => text.includes('it is a standby')), 'it is a standby of another server')
  })

  await t.test('a standby that lags too far is not used until it catches up', async (t) => {
    await create('later')
    // The system clock has no effect: here it runs backwards.
    const { now } = Date
    const start = now()
    Date.now = () => 2 * start - now()
    t.teardown(() => {
      Date.now = now
    })
    t.ok(await used(app, false), 'the standby is left')
    t.same(await listed(), ['seen', 'later'], 'the list is what the primary has')
    const { status, json } = await request('GET', '/stats')
    t.same([status, json.links], [200, 2])
    await onStandby('SELECT pg_wal_replay_resume()')
    t.ok(await used(app, true), 'the standby is used again')
    t.same(await listed(), ['seen', 'later'])
  })

  await t.test('no request fails when it dies, and it is used again after it recovers', async (t) => {
    await standby.kill()
    for (const path of ['/urls', '/users', '/events', '/stats', '/urls/1/stats'])
      t.equal((await request('GET', path)).status, 200, path)
    t.ok(await used(app, false))
    await standby.start()
    t.ok(await used(app, true))
  })

  await t.test('lists work while the primary is unavailable', async (t) => {
    await primary.kill()
    t.same(await listed(), ['seen', 'later'])
    t.equal((await request('GET', '/seen')).status, 302, 'and so does a warm link')
    t.equal((await request('GET', '/urls/999')).status, 503, 'a link that is not cached needs the primary')
    const events = await request('GET', '/events')
    t.equal(events.status, 200)
    t.equal(events.headers.get('x-clicks-pending'), 'true', 'the standby may lack some')
  })

  await t.test('a promoted standby serves as the primary', async (t) => {
    await app.close()
    await onStandby('SELECT pg_promote()')
    const { request } = await startApp(t, { storage: { DATA_DIR: folder, DATABASE_URL: standby.url } })
    t.equal((await request('GET', '/later')).status, 302)
    const { status, json } = await request('POST', '/shorten', { json: { url: 'https://example.com/next' } })
    t.equal(status, 201)
    t.equal((await request('GET', `/${json.short_code}`)).status, 302)
  })
})

t.test('a DATABASE_READ_URL without a standby is not read from', { skip }, async (t) => {
  const primary = await startPostgres(t, { installed: true })
  const { app, log } = await startLogging(t, { DATABASE_URL: primary.url, DATABASE_READ_URL: primary.url })
  await app.request('POST', '/shorten', { json: { url: 'https://example.com/' } })
  t.match(await until(log, (text) => text.includes('no standby')), 'it is no standby')
  t.ok(await used(app, false))
  t.equal((await app.request('GET', '/urls')).json.length, 1)
})

t.test('the bundled PostgreSQL has no standby', async (t) => {
  await t.rejects(
    startApp(t, { profile: 'own', env: { DATABASE_READ_URL: 'postgres://127.0.0.1/fairlead' } }),
    /DATABASE_URL, which is not set/
  )
})

async function makeDataDir(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-standby-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** An app that keeps its log as text. */
async function startLogging(t: Test, urls: Record<string, string>) {
  const storage = { DATA_DIR: await makeDataDir(t), ...urls }
  let text = ''
  const stream = { write: (line: string) => (text += line) }
  return { app: await startApp(t, { storage, logger: { level: 'info', stream } }), log: async () => text }
}

/** Delays the primary's answers to queries for its position. */
function holdPositions({ app }: Running) {
  const held: (() => void)[] = []
  const { pool } = app.database
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>
  async function hold(...args: unknown[]) {
    const answer = await query(...args)
    if (`${args[0]}`.includes('pg_current_wal_flush_lsn')) await new Promise<void>((done) => held.push(done))
    return answer
  }
  pool.query = hold as typeof pool.query
  return {
    async reach(count: number) {
      await until(() => held.length >= count)
    },
    releaseNewestFirst() {
      pool.query = query as typeof pool.query
      for (const release of held.reverse()) release()
    }
  }
}

/** Waits until the metric has the value `wanted`; false if it does not. */
async function used({ request }: Running, wanted: boolean): Promise<boolean> {
  const line = `fairlead_database_standby_used ${wanted ? 1 : 0}\n`
  const text = await until(
    async () => (await request('GET', '/metrics')).text,
    (text) => text.includes(line),
    20_000
  )
  return text.includes(line)
}
