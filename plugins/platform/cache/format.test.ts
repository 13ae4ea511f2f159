import { Redis } from 'ioredis'
import t from 'tap'
import { missing } from '#testing/programs.ts'
import { startRedis } from '#testing/servers.ts'
import { createSharedTier, defineScripts, sharedKey } from './shared.ts'

/**
 * Two releases share one Redis during a rollout. This file has a copy of the first release's format: its
 * scripts, its entries and how it reads them.
 */

const COMPARE = `
local held = redis.call('GET', KEYS[1])
local kind, version, fresh
if held then kind, version, fresh = string.match(held, '^(%a)(%d+):(%d+):') end
version = tonumber(version or -1)`

const FILL = `${COMPARE}
if version > tonumber(ARGV[1]) and (kind == 't' or tonumber(fresh) > tonumber(ARGV[2])) then return version end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return -1`

const MARK = `${COMPARE}
if version >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], 't' .. ARGV[1] .. ':0:', 'PX', ARGV[2])
return 1`

function createFirstRelease(redis: Redis) {
  const key = sharedKey('links', 'a')
  return {
    async read() {
      const text = (await redis.get(key)) ?? ''
      const [, kind = '', version = ''] = /^(.)(\d+):\d+:/.exec(text) ?? []
      const name = { v: 'value', u: 'unknown', t: 'mark' }[kind]
      return name === undefined ? null : { kind: name, version: Number(version) }
    },
    async fill(version: number, value: unknown) {
      const now = Date.now()
      const payload = value === null ? 0 : JSON.stringify(value)
      const held = `${value === null ? 'u' : 'v'}${version}:${now + 60_000}:${payload}`
      return redis.eval(FILL, 1, key, version, now, held, 60_000)
    },
    mark: (version: number) => redis.eval(MARK, 1, key, version, 60_000)
  }
}

t.test('beside a release of another format', { skip: missing('redis-server') }, async (t) => {
  const { url } = await startRedis(t)
  const redis = new Redis(url)
  t.teardown(() => redis.disconnect())
  defineScripts(redis)
  const before = createFirstRelease(redis)
  const bounds = { freshMs: 60_000, staleMs: 60_000, unknownMs: 60_000, now: Date.now }
  const codec = { encode: JSON.stringify, decode: JSON.parse }
  const now = createSharedTier<unknown>(redis, { name: 'links', format: 'w', ...codec, ...bounds })
  const mark = (version: number) => redis.fairleadMark(sharedKey('links', 'a'), version, 60_000)
  t.beforeEach(() => redis.flushall())

  t.test('its entries are misses, and are overwritten', async (t) => {
    await before.fill(3, { to: 'old' })
    t.match(await before.read(), { kind: 'value', version: 3 })
    t.equal(await now.read('a'), null)
    t.equal(await now.fill('a', 3, { to: 'new' }, 0), -1)
    t.match(await now.read('a'), { kind: 'value', value: { to: 'new' } })
    await redis.flushall()
    await before.fill(0, null)
    t.equal(await now.read('a'), null, 'what it does not know may exist here')
  })

  t.test('entries of this release are misses there, and are overwritten', async (t) => {
    await now.fill('a', 3, { to: 'new' }, 0)
    t.equal(await before.read(), null)
    t.equal(await before.fill(3, { to: 'old' }), -1)
    t.match(await before.read(), { kind: 'value', version: 3 })
    await redis.flushall()
    await now.fill('a', 0, null, 0)
    t.equal(await before.read(), null)
  })

  t.test('an invalidation by either keeps the entries of both out', async (t) => {
    await now.fill('a', 3, { to: 'new' }, 0)
    await before.mark(4)
    t.same(await now.read('a'), { kind: 'mark', version: 4 })
    t.equal(await now.fill('a', 3, { to: 'late' }, 0), 4)
    t.equal(await now.fill('a', 4, { to: 'new' }, 0), -1)
    await redis.flushall()
    await before.fill(3, { to: 'old' })
    await mark(4)
    t.same(await before.read(), { kind: 'mark', version: 4 })
    t.equal(await before.fill(3, { to: 'late' }), 4)
  })

  t.test('an older version replaces a newer one of neither format', async (t) => {
    await now.fill('a', 5, { to: 'new' }, 0)
    t.equal(await before.fill(4, { to: 'old' }), 5)
    t.match(await now.read('a'), { kind: 'value', version: 5 })
    await redis.flushall()
    await before.fill(5, { to: 'old' })
    t.equal(await now.fill('a', 4, { to: 'new' }, 0), 5)
    t.match(await before.read(), { kind: 'value', version: 5 })
  })
})
