import fc from 'fast-check'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { missing } from '#testing/programs.ts'
import { startRedis } from '#testing/servers.ts'
import { createSharedTier, defineScripts, sharedKey } from './shared.ts'

interface Link {
  to: string
}

async function createTiers(t: Test) {
  const server = await startRedis(t)
  const redis = new Redis(server.url, { keyPrefix: 'test:', maxRetriesPerRequest: 0, commandTimeout: 300 })
  redis.on('error', () => undefined)
  t.teardown(() => redis.disconnect())
  defineScripts(redis)
  const clock = { time: Date.now() }
  const tier = createSharedTier<Link>(redis, {
    name: 'links',
    format: 'v',
    encode: JSON.stringify,
    decode: JSON.parse,
    freshMs: 10_000,
    staleMs: 60_000,
    unknownMs: 5_000,
    now: () => clock.time
  })
  return {
    server,
    redis,
    clock,
    tier,
    mark: (version: number) => redis.fairleadMark(sharedKey('links', 'a'), version, 60_000)
  }
}

t.test('the Redis tier', { skip: missing('redis-server') }, async (t) => {
  const { redis, clock, tier, mark, server } = await createTiers(t)
  t.beforeEach(() => redis.flushall())

  t.test('returns stored values and whether they are fresh', async (t) => {
    t.equal(await tier.read('a'), null)
    t.equal(await tier.fill('a', 3, { to: 'é:x' }, 0), -1)
    t.same(await tier.read('a'), { kind: 'value', version: 3, value: { to: 'é:x' }, isFresh: true })
    clock.time += 10_000
    t.match(await tier.read('a'), { kind: 'value', isFresh: false })
    t.ok((await redis.pttl(sharedKey('links', 'a'))) > 60_000, 'it is kept past its time')
  })

  t.test('an entry with an impossibly long freshness is stale: a clock was set back', async (t) => {
    await tier.fill('a', 3, { to: 'x' }, 0)
    clock.time -= 60_000
    t.match(await tier.read('a'), { kind: 'value', isFresh: false })
  })

  t.test('returns negative entries with their generation', async (t) => {
    await tier.fill('a', 0, null, 1_700_000_000_000)
    t.same(await tier.read('a'), { kind: 'unknown', version: 0, generation: 1_700_000_000_000 })
    t.ok((await redis.pttl(sharedKey('links', 'a'))) <= 5_000)
  })

  t.test('an older version never replaces a newer one, in any order of writes', async () => {
    const act = fc.record({
      verb: fc.constantFrom('fill', 'mark', 'unknown'),
      version: fc.integer({ min: 1, max: 5 })
    })
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
        await redis.flushall()
        let highest = 0
        for (const { verb, version } of acts) {
          if (verb === 'mark') await mark(version)
          else if (verb === 'fill') await tier.fill('a', version, { to: `v${version}` }, 0)
          else await tier.fill('a', 0, null, 0)
          if (verb !== 'unknown') highest = Math.max(highest, version)
          const held = await tier.read('a')
          if ((held?.version ?? 0) !== highest) return false
          if (held?.kind === 'value' && held.value.to !== `v${highest}`) return false
        }
        return true
      }),
      { numRuns: 60 }
    )
  })

  t.test('reports the newer version to a late fill', async (t) => {
    await mark(7)
    t.equal(await tier.fill('a', 6, { to: 'late' }, 0), 7)
    t.equal(await tier.fill('a', 0, null, 0), 7)
    t.same(await tier.read('a'), { kind: 'mark', version: 7 })
    t.equal(await tier.fill('a', 7, { to: 'news' }, 0), -1)
  })

  t.test('a restored origin may store older versions once the newer entry is stale', async (t) => {
    await tier.fill('a', 9, { to: 'before the restore' }, 0)
    clock.time += 10_000
    t.equal(await tier.fill('a', 2, { to: 'restored' }, 0), -1)
    t.match(await tier.read('a'), { version: 2 })
  })

  t.test('treats unreadable entries as misses', async (t) => {
    for (const text of ['', 'nonsense', 'v1:99999999999999:{']) {
      await redis.set(sharedKey('links', 'a'), text)
      t.equal(await tier.read('a'), null)
      t.equal(await tier.fill('a', 1, { to: 'b' }, 0), -1)
    }
  })

  t.test('survives the loss of its scripts', async (t) => {
    await tier.fill('a', 1, { to: 'b' }, 0)
    await redis.script('FLUSH')
    t.equal(await tier.fill('a', 2, { to: 'c' }, 0), -1)
    t.match(await tier.read('a'), { version: 2 })
  })

  t.test('misses while Redis hangs, and sends no further command at once', async (t) => {
    server.freeze()
    t.equal(await tier.read('a'), null)
    const asked = t.capture(redis, 'get')
    t.equal(await tier.read('a'), null)
    t.equal(await tier.fill('a', 1, { to: 'b' }, 0), -1)
    t.equal(asked().length, 0)
    server.thaw()
  })
})
