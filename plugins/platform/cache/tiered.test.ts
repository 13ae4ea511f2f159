import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { createTieredCache } from './tiered.ts'

setFlagsFromString('--expose-gc')
const gc: () => void = runInNewContext('gc')

interface Link {
  to: string
  version: number
}

/** An origin whose results the test controls, and a clock that the test moves. */
function createBench(overrides: { maxUnknown?: number; maxEntries?: number } = {}) {
  const clock = { time: 1_000_000 }
  const asked: { key: string; answer(value: Link | null): Promise<void>; fail(): Promise<void> }[] = []
  const outages: boolean[] = []
  const state = { isListening: true }
  const cache = createTieredCache<Link>({
    shared: null,
    load(key) {
      return new Promise((done, fail) => {
        asked.push({
          key,
          answer: (value) => settled(() => done(value)),
          fail: () => settled(() => fail(new Error('the database is away')))
        })
      })
    },
    versionOf: (link) => link.version,
    maxEntries: 1_000,
    maxUnknown: 1_000,
    freshMs: 10_000,
    staleMs: 3_600_000,
    unknownMs: 5_000,
    floorMs: 60_000,
    patienceMs: 20,
    loadTimeoutMs: 1_000,
    now: () => clock.time,
    isListening: () => state.isListening,
    onOutage: (isOut) => outages.push(isOut),
    ...overrides
  })
  /** Looks `key` up with the given result and waits until it is held. */
  async function warm(key: string, value: Link | null) {
    const got = cache.get(key)
    await asked.at(-1)?.answer(value)
    await got
  }
  return { cache, clock, asked, outages, state, warm }
}

/** Settles a lookup and runs its continuations. */
async function settled(settle: () => void): Promise<void> {
  settle()
  await new Promise((done) => setImmediate(done))
}

/** The outcome of a lookup: its value or the error. Subscribes at once, so that no rejection is unhandled. */
function outcome(answer: unknown): Promise<unknown> {
  return Promise.resolve(answer).catch((error: unknown) => error)
}

const v = (version: number): Link => ({ to: `v${version}`, version })

t.test('a thousand concurrent requests make one lookup', async (t) => {
  const { cache, asked } = createBench()
  const answers = Array.from({ length: 1_000 }, () => cache.get('a'))
  t.equal(asked.length, 1)
  await asked[0]?.answer(v(1))
  t.same(new Set(await Promise.all(answers)), new Set([v(1)]))
  t.equal(cache.stats().loads, 1)
})

t.test('a held key is returned synchronously', async (t) => {
  const { cache, warm } = createBench()
  await warm('a', v(1))
  t.same(cache.get('a'), v(1))
  t.match(cache.stats(), { hits: 1, loads: 1, size: 1 })
})

t.test('a value past its freshness is used while one refresh runs', async (t) => {
  const { cache, clock, asked, warm } = createBench()
  await warm('a', v(1))
  clock.time += 11_000
  t.same([cache.get('a'), cache.get('a')], [v(1), v(1)])
  t.equal(asked.length, 2)
  await asked[1]?.answer(v(2))
  t.same(cache.get('a'), v(2))
  t.match(cache.stats(), { stale: 2, hits: 1 })
})

t.test('a value is used while the origin fails, with growing pauses between retries', async (t) => {
  const { cache, clock, asked, warm, outages } = createBench()
  await warm('a', v(1))
  clock.time += 11_000
  let tries = 0
  for (let second = 0; second < 60; second++) {
    const answer = cache.get('a')
    if (asked.length > 1) {
      await asked.pop()?.fail()
      tries++
    }
    t.same(await answer, v(1))
    clock.time += 1_000
  }
  t.ok(tries > 10 && tries < 30, `${tries} tries in a minute`)
  clock.time += 5_000
  const answer = cache.get('a')
  await asked.at(-1)?.answer(v(2))
  t.same(await answer, v(2), 'and recovers')
  t.same(outages, [true, false])
})

t.test('a value long past its freshness is refreshed before use', async (t) => {
  const { cache, clock, asked, warm } = createBench()
  await warm('a', v(1))
  clock.time += 25_000
  const answer = cache.get('a')
  await asked[1]?.answer(v(2))
  t.same(await answer, v(2))
})

t.test('a value past its stale time is not used', async (t) => {
  const { cache, clock, asked, warm } = createBench()
  await warm('a', v(1))
  clock.time += 3_700_000
  const answer = outcome(cache.get('a'))
  await asked.at(-1)?.fail()
  t.match(await answer, { statusCode: 503 })
})

t.test('a failed lookup is a retryable error, never "does not exist"', async (t) => {
  const { cache, asked } = createBench()
  const answer = outcome(cache.get('a'))
  await asked[0]?.fail()
  t.match(await answer, { statusCode: 503, code: 'LOOKUP_UNAVAILABLE', retryAfter: 1 })
})

t.test('lookups of keys that are not held skip a failing origin for a while', async (t) => {
  const { cache, clock, asked } = createBench()
  for (const key of ['a', 'b', 'c']) {
    const answer = outcome(cache.get(key))
    await asked.at(-1)?.fail()
    t.match(await answer, { statusCode: 503 })
  }
  t.match(await outcome(cache.get('d')), { statusCode: 503 })
  t.equal(asked.length, 3)
  clock.time += 100
  const answer = cache.get('d')
  await asked.at(-1)?.answer(v(1))
  t.same(await answer, v(1))
})

t.test('an origin that does not answer in time counts as failed', async (t) => {
  const { cache } = createBench()
  t.match(await outcome(cache.get('a')), { statusCode: 503, cause: { message: /1000 ms/ } })
})

t.test('unknown keys', async (t) => {
  t.test('are looked up once within their time', async (t) => {
    const { cache, clock, asked, warm } = createBench()
    await warm('a', null)
    for (let round = 0; round < 100; round++) t.equal(cache.get('a'), null)
    clock.time += 5_001
    const again = cache.get('a')
    await asked[1]?.answer(v(1))
    t.same(await again, v(1))
    t.equal(asked.length, 2)
  })

  t.test('never evict a known one, however many they are', async (t) => {
    const { cache, warm } = createBench({ maxEntries: 10, maxUnknown: 100 })
    await warm('hot', v(1))
    for (let index = 0; index < 2_000; index++) await warm(`random${index}`, null)
    t.same(cache.get('hot'), v(1))
    t.match(cache.stats(), { size: 1, evictions: 0 })
  })

  t.test('do not keep the request alive that they were cut from', async (t) => {
    const { cache, warm } = createBench()
    const used = () => {
      gc()
      return process.memoryUsage().heapUsed
    }
    const before = used()
    for (let index = 0; index < 400; index++) {
      const url = Buffer.alloc(100_000, 'x').toString('latin1')
      await warm(`${url}${1_000_000_000_000_000 + index}`.slice(url.length), null)
    }
    t.equal(cache.get('1000000000000399'), null)
    t.ok(used() - before < 10_000_000, 'requests had 40 MB of keys')
  })

  t.test('are looked up again after many keys were created', async (t) => {
    const { cache, asked, warm } = createBench()
    await warm('a', null)
    const under = cache.get('b')
    cache.forgetUnknown(7)
    const anew = cache.get('a')
    await asked[1]?.answer(null)
    for (const { answer } of asked) await answer(v(1))
    t.same(await anew, v(1))
    t.same(await under, v(1), 'also in a lookup that was still running')
  })
})

t.test('a change', async (t) => {
  t.test('drops what is older than it and nothing else', async (t) => {
    const { cache, asked, warm } = createBench()
    await warm('a', v(3))
    await warm('b', v(3))
    cache.forget('a', 3)
    cache.forget('b', 4)
    t.same(cache.get('a'), v(3))
    t.not(cache.get('b'), null)
    t.same(
      asked.map(({ key }) => key),
      ['a', 'b', 'b']
    )
    await asked[2]?.answer(v(4))
  })

  t.test('is never undone by a late fill of an older version', async (t) => {
    const { cache, asked } = createBench()
    const early = cache.get('a')
    cache.forget('a', 2)
    const late = cache.get('a')
    await asked[0]?.answer(v(1))
    t.equal(asked.length, 2, 'what was read before the change is read again')
    await asked[1]?.answer(v(2))
    t.same(await Promise.all([early, late]), [v(2), v(2)])
    t.same(cache.get('a'), v(2))
  })

  t.test('is never undone by a late fill of "does not exist" after a create', async (t) => {
    const { cache, asked } = createBench()
    const answer = cache.get('a')
    cache.forget('a', 1)
    await asked[0]?.answer(null)
    await asked[1]?.answer(v(1))
    t.same(await answer, v(1))
    t.same(cache.get('a'), v(1))
  })

  t.test('is accepted from a lookup that began before its invalidation', async (t) => {
    const { cache, asked } = createBench()
    const answer = cache.get('a')
    cache.forget('a', 2)
    await asked[0]?.answer(v(2))
    t.same(await answer, v(2))
    t.equal(asked.length, 1)
  })

  t.test('is not undone by a refresh that began before it', async (t) => {
    const { cache, clock, asked, warm } = createBench()
    await warm('a', v(1))
    clock.time += 11_000
    t.same(cache.get('a'), v(1))
    cache.forget('a', 2)
    const answer = cache.get('a')
    await asked[1]?.answer(v(1))
    await asked[2]?.answer(v(2))
    t.same(await answer, v(2))
  })

  t.test('that repeats for ever does not block a reader, and its result is not kept', async (t) => {
    const { cache, asked } = createBench()
    const answer = cache.get('a')
    for (let version = 2; version < 8; version++) {
      cache.forget('a', version)
      await asked.at(-1)?.answer(v(1))
    }
    t.same(await answer, v(1))
    t.equal(cache.stats().size, 0)
  })

  t.test('leaves no older value to fall back on', async (t) => {
    const { cache, asked, warm } = createBench()
    await warm('a', v(1))
    cache.forget('a', 2)
    const answer = outcome(cache.get('a'))
    await asked[1]?.fail()
    t.match(await answer, { statusCode: 503 })
  })
})

t.test('a stale entry', async (t) => {
  t.test('is refreshed first', async (t) => {
    const { cache, asked, warm } = createBench()
    await warm('a', v(1))
    await warm('none', null)
    cache.markStale()
    const answers = [cache.get('a'), cache.get('none')]
    await asked[2]?.answer(v(2))
    await asked[3]?.answer(v(1))
    t.same(await Promise.all(answers), [v(2), v(1)])
    t.same(cache.get('a'), v(2))
  })

  t.test('is used when the refresh fails', async (t) => {
    const { cache, asked, warm, state } = createBench()
    await warm('a', v(1))
    state.isListening = false
    cache.markStale()
    const answer = cache.get('a')
    await asked[1]?.fail()
    t.same(await answer, v(1))
    t.same(cache.get('a'), v(1), 'at once, until the next try is due')
  })

  t.test('is used when the refresh is slow', async (t) => {
    const { cache, asked, warm } = createBench()
    await warm('a', v(1))
    cache.markStale()
    t.same(await cache.get('a'), v(1))
    await asked[1]?.answer(v(2))
    t.same(cache.get('a'), v(2))
  })

  t.test('is not used when it is known to have changed', async (t) => {
    const { cache, asked, warm } = createBench()
    await warm('a', v(1))
    cache.markStale()
    const answer = outcome(cache.get('a'))
    cache.forget('a', 2)
    await asked[1]?.fail()
    t.match(await answer, { statusCode: 503 })
  })

  t.test('may come from a lookup that began before it was marked stale', async (t) => {
    const { cache, asked } = createBench()
    const early = cache.get('a')
    cache.markStale()
    await asked[0]?.answer(v(1))
    t.same(await early, v(1))
    const late = cache.get('a')
    await asked[1]?.answer(v(2))
    t.same(await late, v(2))
  })
})
