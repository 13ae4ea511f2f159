import { setTimeout as wait } from 'node:timers/promises'
import fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import redis from '#platform/redis/index.ts'
import { missing } from '#testing/programs.ts'
import { startRedis } from '#testing/servers.ts'
import { until } from '#testing/until.ts'
import cache, { type CacheOptions } from './index.ts'
import type { TieredCache } from './tiered.ts'

interface Link {
  to: string
  version: number
}

/** The origin that all replicas of a test load from. */
function createOrigin() {
  const rows = new Map<string, Link>()
  const loads: string[] = []
  const state = { isDown: false, gate: null as Promise<void> | null }
  return {
    rows,
    loads,
    state,
    put(key: string, to: string): Link {
      const link = { to, version: (rows.get(key)?.version ?? 0) + 1 }
      rows.set(key, link)
      return link
    },
    async load(key: string): Promise<Link | null> {
      loads.push(key)
      if (state.isDown) throw new Error('the origin is down')
      const row = rows.get(key) ?? null
      await (state.gate ?? wait(5))
      return row
    }
  }
}

interface Replica {
  app: FastifyInstance
  links: TieredCache<Link>
}

async function startReplica(
  t: Test,
  url: string | undefined,
  { load }: Pick<ReturnType<typeof createOrigin>, 'load'>,
  options: CacheOptions = {}
): Promise<Replica> {
  const app = fastify()
  await app.register(redis, { url, connectTimeoutMs: 300 })
  await app.register(cache, options)
  const links = app.cache.open<Link>({ name: 'links', load, versionOf: (link) => link.version })
  await app.ready()
  t.teardown(() => app.close())
  return { app, links }
}

async function hearsChanges({ app }: Replica): Promise<boolean> {
  return app.cache.ping().then(
    () => true,
    () => false
  )
}

/** The outcome of a lookup: its target, null, or the status of the error. */
async function follow({ links }: Replica, key: string): Promise<string | number | null> {
  try {
    return (await links.get(key))?.to ?? null
  } catch (error) {
    return (error as { statusCode: number }).statusCode
  }
}

t.test('entries age although the wall clock runs backwards', async (t) => {
  const { now } = Date
  const start = now()
  Date.now = () => 2 * start - now()
  t.teardown(() => {
    Date.now = now
  })
  const origin = createOrigin()
  const one = await startReplica(t, undefined, origin, { freshMs: 10, unknownMs: 10 })
  origin.put('a', 'old')
  t.same([await follow(one, 'a'), await follow(one, 'b')], ['old', null])
  origin.put('a', 'new')
  origin.put('b', 'new')
  for (const key of ['a', 'b']) await until(async () => (await follow(one, key)) === 'new')
})

t.test('without Redis it serves one process whole', async (t) => {
  const origin = createOrigin()
  const one = await startReplica(t, undefined, origin)
  t.equal(await follow(one, 'a'), null)
  await one.app.cache.invalidate('links', [{ key: 'a', version: origin.put('a', 'x').version }])
  t.equal(await follow(one, 'a'), 'x')
  origin.put('b', 'y')
  await one.app.cache.invalidateUnknown('links')
  t.equal(await follow(one, 'b'), 'y')
  t.match(one.app.cache.stats(), { links: { size: 2, redisHits: 0, loads: 3 } })
  await one.app.cache.ping()
  t.same([one.app.cache.changes('links'), one.app.cache.changes('others')], [2, 0])
  t.throws(
    () => one.app.cache.open({ name: 'links', load: async () => null, versionOf: () => 1 }),
    /open already/
  )
})

t.test('replicas with one Redis', { skip: missing('redis-server') }, async (t) => {
  t.test('share the results of lookups', async (t) => {
    const { url } = await startRedis(t)
    const origin = createOrigin()
    const [one, two] = [await startReplica(t, url, origin), await startReplica(t, url, origin)]
    origin.put('a', 'x')
    t.equal(await follow(one, 'a'), 'x')
    t.equal(await follow(one, 'none'), null)
    await until(async () => (await one.app.redis.dbsize()) === 2)
    t.equal(await follow(two, 'a'), 'x')
    t.equal(await follow(two, 'none'), null)
    t.same(origin.loads, ['a', 'none'])
    t.match(two.app.cache.stats(), { links: { redisHits: 2, loads: 0 } })
  })

  t.test('make one lookup each for a thousand concurrent requests', async (t) => {
    const { url } = await startRedis(t)
    const origin = createOrigin()
    const both = [await startReplica(t, url, origin), await startReplica(t, url, origin)]
    origin.put('a', 'x')
    const answers = both.flatMap((one) => Array.from({ length: 1_000 }, () => follow(one, 'a')))
    t.same(new Set(await Promise.all(answers)), new Set(['x']))
    t.ok(origin.loads.length <= 2, `${origin.loads.length} lookups`)
  })

  t.test('receive a change at once, and never return to an older version', async (t) => {
    const { url } = await startRedis(t)
    const origin = createOrigin()
    const [one, two] = [await startReplica(t, url, origin), await startReplica(t, url, origin)]
    await until(async () => (await hearsChanges(one)) && (await hearsChanges(two)))
    for (let round = 0; round < 20; round++) {
      const { version, to } = origin.put('a', `target ${round}`)
      const start = performance.now()
      await one.app.cache.invalidate('links', [{ key: 'a', version }])
      t.equal(await follow(one, 'a'), to)
      await until(async () => (await follow(two, 'a')) === to)
      if (round === 19) t.comment(`seen after ${(performance.now() - start).toFixed(1)} ms`)
      t.equal(await follow(two, 'a'), to)
    }
  })

  t.test('receive many changes made in one call', async (t) => {
    const { url } = await startRedis(t)
    const origin = createOrigin()
    const [one, two] = [await startReplica(t, url, origin), await startReplica(t, url, origin)]
    const keys = Array.from({ length: 1_200 }, (_, index) => `k${index}`)
    for (const key of keys) origin.put(key, 'old')
    await Promise.all(keys.map((key) => follow(two, key)))
    const changes = keys.map((key) => ({ key, version: origin.put(key, 'new').version }))
    await one.app.cache.invalidate('links', changes)
    await until(async () =>
      (await Promise.all(keys.map((key) => follow(two, key)))).every((to) => to === 'new')
    )
  })

  t.test('a process without an open cache invalidates those of the others', async (t) => {
    const { url } = await startRedis(t)
    const origin = createOrigin()
    const two = await startReplica(t, url, origin)
    const worker = fastify()
    await worker.register(redis, { url })
    await worker.register(cache)
    t.teardown(() => worker.close())
    await worker.ready()
    origin.put('a', 'old')
    await follow(two, 'a')
    const before = two.app.cache.changes('links')
    await worker.cache.invalidate('links', [{ key: 'a', version: origin.put('a', 'new').version }])
    await until(async () => (await follow(two, 'a')) === 'new')
    t.ok(two.app.cache.changes('links') > before)
  })

  t.test('a change is not undone by a lookup that another replica began before it', async (t) => {
    const { url } = await startRedis(t)
    const origin = createOrigin()
    const [one, two] = [await startReplica(t, url, origin), await startReplica(t, url, origin)]
    origin.put('a', 'old')
    let open: () => void = () => undefined
    origin.state.gate = new Promise((done) => {
      open = done
    })
    const late = follow(two, 'a')
    await until(() => origin.loads.length === 1)
    origin.state.gate = null
    await one.app.cache.invalidate('links', [{ key: 'a', version: origin.put('a', 'new').version }])
    t.equal(await follow(one, 'a'), 'new')
    // The other replica receives no message: only the mark in Redis shows that its result is outdated.
    await one.app.redis.client('KILL', 'TYPE', 'PUBSUB')
    open()
    await late
    await until(async () => (await follow(two, 'a')) === 'new')
    const third = await startReplica(t, url, origin)
    t.equal(await follow(third, 'a'), 'new', 'nor does Redis hold the old one')
  })

  t.test('drop negative entries after many keys were created', async (t) => {
    const { url } = await startRedis(t)
    const origin = createOrigin()
    const [one, two] = [await startReplica(t, url, origin), await startReplica(t, url, origin)]
    for (const replica of [one, two]) t.equal(await follow(replica, 'a'), null)
    await until(async () => (await one.app.redis.dbsize()) === 1)
    origin.put('a', 'x')
    await one.app.cache.invalidateUnknown('links')
    t.equal(await follow(one, 'a'), 'x')
    await until(async () => (await follow(two, 'a')) === 'x')
    origin.put('b', 'y')
    const third = await startReplica(t, url, origin)
    t.equal(await follow(third, 'a'), 'x')
  })

  t.test('a lost subscription marks their entries stale', async (t) => {
    const { url } = await startRedis(t)
    const origin = createOrigin()
    const [one, two] = [await startReplica(t, url, origin), await startReplica(t, url, origin)]
    origin.put('a', 'old')
    t.equal(await follow(two, 'a'), 'old')
    await until(() => hearsChanges(two))
    const before = two.app.cache.changes('links')
    await one.app.redis.client('KILL', 'TYPE', 'PUBSUB')
    await one.app.cache.invalidate('links', [{ key: 'a', version: origin.put('a', 'new').version }])
    await until(() => hearsChanges(two))
    t.equal(await follow(two, 'a'), 'new', 'though the message was missed')
    t.ok(two.app.cache.changes('links') > before, 'and something may have changed')
  })
})

t.test('when Redis is down', { skip: missing('redis-server') }, async (t) => {
  t.test('cached keys are served, others looked up, and local changes visible at once', async (t) => {
    const server = await startRedis(t)
    const origin = createOrigin()
    const one = await startReplica(t, server.url, origin, { doubtMs: 20 })
    origin.put('warm', 'x')
    await follow(one, 'warm')
    await server.kill()
    origin.put('cold', 'y')
    t.equal(await follow(one, 'warm'), 'x')
    t.equal(await follow(one, 'cold'), 'y')
    await one.app.cache.invalidate('links', [{ key: 'warm', version: origin.put('warm', 'z').version }])
    t.equal(await follow(one, 'warm'), 'z')
    await t.rejects(one.app.cache.ping())
  })

  t.test('other replicas see a change once their entries are stale', async (t) => {
    const server = await startRedis(t)
    const origin = createOrigin()
    const one = await startReplica(t, server.url, origin, { doubtMs: 20 })
    origin.put('a', 'old')
    await follow(one, 'a')
    await until(() => hearsChanges(one))
    await server.kill()
    await until(async () => !(await hearsChanges(one)))
    origin.put('a', 'new')
    await until(async () => (await follow(one, 'a')) === 'new')
  })

  t.test('and the origin too, cached entries are still used', async (t) => {
    const server = await startRedis(t)
    const origin = createOrigin()
    const one = await startReplica(t, server.url, origin, { doubtMs: 10, freshMs: 10 })
    origin.put('warm', 'x')
    await follow(one, 'warm')
    await server.kill()
    origin.state.isDown = true
    for (let round = 0; round < 50; round++) {
      t.equal(await follow(one, 'warm'), 'x')
      await wait(2)
    }
    t.equal(await follow(one, 'cold'), 503)
    origin.state.isDown = false
    origin.put('cold', 'y')
    await until(async () => (await follow(one, 'cold')) === 'y')
  })

  t.test('changes are queued, so that outdated entries on its disk are not used', async (t) => {
    const server = await startRedis(t, { aof: true })
    const origin = createOrigin()
    const [one, two] = [await startReplica(t, server.url, origin), await startReplica(t, server.url, origin)]
    origin.put('a', 'old')
    await follow(one, 'a')
    await until(async () => (await one.app.redis.dbsize()) === 1)
    await server.kill()
    await one.app.cache.invalidate('links', [{ key: 'a', version: origin.put('a', 'new').version }])
    await one.app.cache.invalidateUnknown('links')
    await server.start()
    await until(async () => (await follow(two, 'a')) === 'new')
    await until(async () =>
      /^[tv]2:/.test((await one.app.redis.get('cache:links:a').catch(() => null)) ?? '')
    )
    t.equal(await follow(one, 'a'), 'new')
    await until(async () => (await hearsChanges(one)) && (await hearsChanges(two)))
  })

  t.test('or hangs, requests, start and close do not wait long for it', async (t) => {
    const server = await startRedis(t)
    const origin = createOrigin()
    const one = await startReplica(t, server.url, origin)
    origin.put('a', 'x')
    await follow(one, 'a')
    server.freeze()
    origin.put('b', 'y')
    t.equal(await follow(one, 'a'), 'x')
    t.equal(await follow(one, 'b'), 'y')
    await one.app.cache.invalidate('links', [{ key: 'a', version: origin.put('a', 'z').version }])
    t.equal(await follow(one, 'a'), 'z')
    const two = await startReplica(t, server.url, origin)
    t.equal(await follow(two, 'b'), 'y')
    await Promise.all([one.app.close(), two.app.close()])
    server.thaw()
  })
})

t.test(
  'when only Redis holds a key, past its time, and the origin is away',
  { skip: missing('redis-server') },
  async (t) => {
    const { url } = await startRedis(t)
    const origin = createOrigin()
    const one = await startReplica(t, url, origin, { freshMs: 1 })
    origin.put('a', 'x')
    await follow(one, 'a')
    await until(async () => (await one.app.redis.dbsize()) === 1)
    origin.state.isDown = true
    const two = await startReplica(t, url, origin, { freshMs: 1 })
    await wait(5)
    t.equal(await follow(two, 'a'), 'x', 'it is used')
    t.equal(await follow(two, 'b'), 503)
  }
)
