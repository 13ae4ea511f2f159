import { createServer as createHttpServer } from 'node:http'
import { connect, createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { hasRedis, type Running, startApp, storageOf } from '#testing/app.ts'
import { makeWarmLink } from '#testing/click-context.ts'
import { listen } from '#testing/listen.ts'
import { missing } from '#testing/programs.ts'
import { startPostgres, startRedis } from '#testing/servers.ts'
import { until } from '#testing/until.ts'
import { UNLIMITED, upstreamOf } from './render.ts'
import { readAccessLog, startSite } from './sites.ts'

/** One visit is one click, even if nginx retries on a second replica after the first has counted it. */

const noNginx = missing('nginx')
const skip = noNginx || !hasRedis()

/**
 * Opens a proxy to `target` that cuts off each answer as it arrives, as if a replica were killed after its
 * work.
 */
async function openCuttingWay(t: Test, target: string) {
  const { hostname, port } = new URL(target)
  const state = { answersCut: 0 }
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    near.on('error', () => far.destroy()).pipe(far)
    far.on('error', () => near.destroy())
    far.once('data', () => {
      state.answersCut++
      near.resetAndDestroy()
      far.destroy()
    })
  })
  return { state, address: await listen(t, server) }
}

async function countClicks({ request }: Running, urlId: number): Promise<number> {
  const { headers } = await request('GET', `/events?url_id=${urlId}&event_type=click&page=1&per_page=1`)
  return Number(headers.get('x-total-count'))
}

t.test('a visit has one id, and no client can choose it', { skip: noNginx }, async (t) => {
  const names: unknown[] = []
  const dying = () =>
    createHttpServer(async (request) => {
      names.push(request.headers['x-visit-id'])
      // The clock advances meanwhile.
      await wait(5)
      request.socket.destroy()
    })
  const upstream = [await listen(t, dying()), await listen(t, dying())]
  const { url } = await startSite(t, { UPSTREAM: upstreamOf(upstream) })
  const { status } = await fetch(`${url}/oWCnNk`, { headers: { 'x-visit-id': 'mine' } })
  t.equal(status, 502)
  t.ok(names.length > upstream.length, 'each got the request, and one got it again')
  t.equal(new Set(names).size, 1, names.join())
  t.match(names[0], /^\d{10}\.\d{3}-[0-9a-f]{32}$/)
})

t.test('visits whose answers were cut off are retried and counted once', { skip }, async (t) => {
  const storage = await storageOf(t, 'redis')
  const env = { TRUST_PROXY: '127.0.0.1' }
  const dying = await startApp(t, { storage, env })
  const living = await startApp(t, { storage, env })
  const way = await openCuttingWay(t, dying.url)
  const { url } = await startSite(t, {
    UPSTREAM: upstreamOf([way.address, new URL(living.url).host]),
    ...UNLIMITED
  })
  const { json: link } = await living.request('POST', '/urls', {
    json: { original_url: 'https://acme.dev/' }
  })
  const forged = `${(Date.now() / 1_000).toFixed(3)}-${'a'.repeat(32)}`
  const visits = 60
  for (let at = 0; at < visits; at += 10) {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        fetch(`${url}/${link.short_code}`, { redirect: 'manual', headers: { 'x-visit-id': forged } })
      )
    )
    t.same(new Set(answers.map(({ status }) => status)), new Set([302]))
  }
  t.ok(way.state.answersCut > 10, `${way.state.answersCut} answers were cut off`)
  // All clicks are stored once neither replica has pending ones and the stream is empty.
  for (const { app } of [dying, living]) await until(() => app.clicks.stats().pending === 0)
  await until(async () => (await living.app.clicks.backlog())?.entries === 0)
  t.equal(await countClicks(living, link.id), visits, 'and what the visitors say of themselves names nothing')
  const { json: stats } = await living.request('GET', `/urls/${link.id}/stats`)
  t.equal(stats.clicks, visits)
})

t.test(
  'while PostgreSQL and Redis do not answer, a visit ends before the timeout of nginx',
  { skip },
  async (t) => {
    const [postgres, redis] = await Promise.all([startPostgres(t), startRedis(t)])
    const storage = { DATABASE_URL: postgres.url, REDIS_URL: redis.url, DATA_DIR: t.testdir() }
    // The shipped settings, but a single replica.
    const { app, url: replica, request } = await startApp(t, { storage })
    const { url, folder } = await startSite(t, {
      UPSTREAM: upstreamOf([new URL(replica).host]),
      ...UNLIMITED
    })
    await makeWarmLink({ request }, 'warm')
    await app.clicks.settle(10_000)
    redis.freeze()
    postgres.freeze()
    const visits = Array.from({ length: 10 }, () => fetch(`${url}/warm`, { redirect: 'manual' }))
    const statuses = (await Promise.all(visits)).map(({ status }) => status)
    t.same(new Set(statuses), new Set([302]), 'the disk has them')
    t.equal(app.clicks.stats().spooled, visits.length)
    const asked = (await readAccessLog(folder, visits.length)).map((line) => line['replica_statuses'])
    t.same(new Set(asked), new Set(['302']), 'no request was repeated')
    redis.thaw()
    postgres.thaw()
  }
)
