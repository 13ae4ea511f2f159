import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Running, startApp } from '#testing/app.ts'
import { missing } from '#testing/programs.ts'
import { startPostgres, startRedis } from '#testing/servers.ts'
import { until } from '#testing/until.ts'

/** Redirects of replicas on a PostgreSQL and a Redis that the test kills and restarts. */

const skip = missing('redis-server')

async function startReplicas(t: Test, count: number) {
  const [postgres, redis] = await Promise.all([
    startPostgres(t, { fsync: true }),
    startRedis(t, { aof: true })
  ])
  const dataDir = t.testdir()
  const replicas: Running[] = []
  for (let index = 0; index < count; index++) {
    const storage = { DATABASE_URL: postgres.url, REDIS_URL: redis.url, DATA_DIR: `${dataDir}/${index}` }
    replicas.push(await startApp(t, { storage }))
  }
  const [first] = replicas
  if (!first) throw new Error('no replica')
  let targets = 0
  const create = async () => {
    const json = { original_url: `https://acme.dev/${++targets}` }
    const { json: url } = await first.request('POST', '/urls', { json })
    return { id: url.id as number, path: `/${url.short_code}`, target: json.original_url }
  }
  return { postgres, redis, replicas, first, create }
}

async function follow({ request }: Running, path: string): Promise<string | number> {
  const { status, headers } = await request('GET', path)
  return headers.get('location') ?? status
}

async function countClicks({ request }: Running, urlId: number): Promise<number> {
  const { headers, status } = await request(
    'GET',
    `/events?url_id=${urlId}&event_type=click&page=1&per_page=1`
  )
  return status === 200 ? Number(headers.get('x-total-count')) : -1
}

t.test('replicas on one PostgreSQL and one Redis', { skip }, async (t) => {
  const { postgres, redis, replicas, first, create } = await startReplicas(t, 2)
  const everywhere = async (path: string, expected: string | number) => {
    const seen = await Promise.all(replicas.map((replica) => follow(replica, path)))
    return seen.every((one) => one === expected)
  }

  t.test('a thousand concurrent requests for an uncached code make one query', async (t) => {
    const { id, path, target } = await create()
    const loads = () => first.app.cache.stats()['links']?.loads ?? 0
    const before = loads()
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => follow(first, path)))
    t.same(new Set(answers), new Set([target]))
    t.equal(loads() - before, 1)
    await until(async () => (await countClicks(first, id)) === 1_000)
  })

  t.test('a change on one replica shows on all', async (t) => {
    const { id, path, target } = await create()
    t.ok(await everywhere(path, target))
    for (const change of ['off', 'on', 'delete']) {
      if (change === 'delete') await first.request('DELETE', `/urls/${id}`)
      else await first.request('PUT', `/urls/${id}`, { json: { is_active: change === 'on' } })
      const expected = change === 'on' ? target : 404
      t.equal(await follow(first, path), expected, `${change}: at once where it was made`)
      const start = performance.now()
      await until(() => everywhere(path, expected))
      t.comment(`${change}: seen by all after ${(performance.now() - start).toFixed(1)} ms`)
    }
  })

  t.test('a link that an earlier release cached in Redis is looked up again', async (t) => {
    const { path, target } = await create()
    const key = `cache:links${path.replace('/', ':')}`
    const link = {
      urlId: 1,
      location: 'https://acme.dev/without-its-restriction',
      isActive: true,
      version: 1
    }
    await first.app.redis.set(key, `v1:${Date.now() + 60_000}:${JSON.stringify(link)}`)
    t.equal(await follow(first, path), target)
    await until(async () => /^x1:/.test((await first.app.redis.get(key)) ?? ''))
  })

  t.test('a flood of unknown codes reaches the database once per code', async (t) => {
    const { path, target } = await create()
    t.equal(await follow(first, path), target)
    const loads = () => replicas.reduce((sum, { app }) => sum + (app.cache.stats()['links']?.loads ?? 0), 0)
    const before = loads()
    const flood = Array.from({ length: 500 }, (_, index) => `/flood${index}`)
    for (let round = 0; round < 3; round++) {
      for (const replica of replicas) {
        t.same(new Set(await Promise.all(flood.map((one) => follow(replica, one)))), new Set([404]))
      }
    }
    t.equal(loads() - before, flood.length)
  })

  t.test('without Redis warm and cold links redirect, and a change soon shows everywhere', async (t) => {
    const [warm, cold] = [await create(), await create()]
    t.ok(await everywhere(warm.path, warm.target))
    await redis.kill()
    for (let round = 0; round < 20; round++) t.ok(await everywhere(warm.path, warm.target))
    t.ok(await everywhere(cold.path, cold.target))
    await first.request('PUT', `/urls/${warm.id}`, { json: { is_active: false } })
    t.equal(await follow(first, warm.path), 404)
    await until(() => everywhere(warm.path, 404))
    await redis.start()
    await until(async () => {
      const probes = await Promise.all(replicas.map(({ request }) => request('GET', '/health/ready')))
      return probes.every(({ json }) => json.status === 'ok')
    })
    t.ok(await everywhere(warm.path, 404), 'also when Redis is back with what it had on disk')
  })

  t.test('without PostgreSQL warm links redirect, cold ones are 503, and it recovers', async (t) => {
    const [warm, cold] = [await create(), await create()]
    t.ok(await everywhere(warm.path, warm.target))
    await postgres.kill()
    let given = replicas.length
    for (let round = 0; round < 20; round++) {
      t.ok(await everywhere(warm.path, warm.target))
      given += replicas.length
    }
    const { status, headers } = await first.request('GET', cold.path)
    t.equal(status, 503)
    t.ok(Number(headers.get('retry-after')) >= 1)
    t.equal((await first.request('PUT', `/urls/${warm.id}`, { json: { title: 'x' } })).status, 503)
    await postgres.start()
    await until(() => everywhere(cold.path, cold.target))
    await until(async () => (await countClicks(first, warm.id)) === given)
    t.pass('each answer became one event')
  })

  t.test('without either, cached links redirect', async (t) => {
    const warm = await create()
    t.ok(await everywhere(warm.path, warm.target))
    await Promise.all([postgres.kill(), redis.kill()])
    for (let round = 0; round < 10; round++) {
      t.ok(await everywhere(warm.path, warm.target))
      await wait(150)
    }
    await Promise.all([postgres.start(), redis.start()])
    await until(async () => (await countClicks(first, warm.id)) === 11 * replicas.length)
  })
})
