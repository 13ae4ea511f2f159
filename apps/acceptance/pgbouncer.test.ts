import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { makeWarmLink, sendVisitors, storedClicks } from '#testing/click-context.ts'
import { makeFolder } from '#testing/folder.ts'
import { startServer, startWorker } from '#testing/process.ts'
import { missing } from '#testing/programs.ts'
import { startPgbouncer, startPostgres, startRedis } from '#testing/servers.ts'

/**
 * Runs the whole product and the neighbouring suites through PgBouncer in transaction mode: three processes
 * with pools of thirty connections share four. The server's time zone is not UTC and its date style not ISO,
 * because PgBouncer tracks only these two of a session's settings.
 */

const skip = missing('redis-server') || missing('pgbouncer')
const SEEDS = join(import.meta.dirname, '..', 'testing', 'fixtures', 'seed-csv')
const SUITES = ['users', 'urls', 'events', 'redirects', 'references', 'codes', 'sorted-lists', 'paging']

if (skip) t.test('through PgBouncer in transaction mode', { skip }, async () => undefined)
else await serveThroughPgbouncer()

async function serveThroughPgbouncer(): Promise<void> {
  const settings = { timezone: 'Asia/Kolkata', datestyle: 'SQL, DMY' }
  const postgres = await startPostgres(t, { maxConnections: 20, settings })
  const [pooler, redis, folder] = await Promise.all([
    startPgbouncer(t, postgres.url, { poolSize: 4 }),
    startRedis(t, { aof: true }),
    makeFolder(t)
  ])
  const env = {
    DATA_DIR: folder,
    DATABASE_URL: pooler.url,
    DATABASE_POOLER: 'pgbouncer',
    // A hundred concurrent links wait for one another, longer on a busy machine.
    DATABASE_CONNECT_TIMEOUT_MS: '15000',
    REDIS_URL: redis.url,
    REPLICAS: '3',
    CLICK_DRAIN: 'off',
    CLICK_TAKE_OVER_MS: '500'
  }
  // Starts all processes at once on an empty database: one migrates, the others wait.
  const [one, other] = await Promise.all([startServer(t, env), startServer(t, env), startWorker(t, env)])
  const load = async (kind: string) => {
    const body = await readFile(join(SEEDS, `${kind}.csv`), 'utf8')
    const { json } = await one.request('POST', `/${kind}/bulk`, {
      body,
      headers: { 'content-type': 'text/csv' }
    })
    return { imported: json.imported, skipped: json.skipped, rejected: json.rejected }
  }

  t.test('the seed set loads once', async (t) => {
    for (const [kind, rows] of [
      ['users', 400],
      ['urls', 2_000],
      ['events', 3_422]
    ] as const) {
      t.same(await load(kind), { imported: rows, skipped: 0, rejected: 0 })
      t.same(await load(kind), { imported: 0, skipped: rows, rejected: 0 })
    }
  })

  t.test('each click is stored once, over a restart of PgBouncer too', async (t) => {
    await makeWarmLink(one, 'warm')
    await other.request('GET', '/warm')
    const crowds = [one, other].map((server) => sendVisitors(server, '/warm', 4))
    const more = (count: number) => Promise.all(crowds.map((crowd) => crowd.untilGiven(count)))
    await more(200)
    await pooler.kill()
    await more(200)
    await pooler.start()
    await more(100)
    await Promise.all(crowds.map((crowd) => crowd.leave()))
    let given = 2
    for (const { aggregate } of crowds) {
      given += aggregate.given
      t.same([aggregate.refused.size, aggregate.unanswered], [0, 0], 'every visitor was led on')
    }
    t.same(await storedClicks(postgres.url, given), { clicks: given, distinct: given })
    const [click] = (await one.request('GET', '/events?event_type=click&page=1&per_page=1')).json
    const { json } = await other.request('GET', `/urls/${click.url_id}/stats`)
    t.equal(json.clicks, given, 'and counted once')
  })

  // The suites use the server in BASE_URL, and end before the servers do.
  // biome-ignore lint/style/noProcessEnv: the suites read their server from the environment
  process.env['BASE_URL'] = one.url
  for (const suite of SUITES) await import(`./${suite}.test.ts`)
}
