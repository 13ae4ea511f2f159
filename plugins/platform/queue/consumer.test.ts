import { EventEmitter, once } from 'node:events'
import type { Redis } from 'ioredis'
import t from 'tap'
import { numberCodec } from '#testing/number-codec.ts'
import { startConsumer } from './consumer.ts'
import type { RedisStream } from './redis-stream.ts'

/** The stream consumer alone. apps/acceptance/clicks-outages.test.ts has Redis, PostgreSQL and kills. */

t.test('batches of a dead consumer are claimed although the clock was set back', async (t) => {
  const claims = new EventEmitter()
  const stream = {
    ensureGroup: async () => undefined,
    read: async () => new Promise<never[]>((done) => setTimeout(done, 5, [])),
    reread: async () => [],
    claim: async () => {
      claims.emit('claim')
      return []
    },
    leave: async () => undefined
  }
  const consumer = startConsumer({
    stream: stream as unknown as RedisStream,
    decode: numberCodec.decode,
    connect: () => ({ disconnect: () => undefined }) as unknown as Redis,
    store: async () => undefined,
    isTransient: () => true,
    takeOverMs: 20,
    onStored: () => undefined,
    deadLetter: async () => undefined,
    onOutage: (error) => t.fail(String(error))
  })
  t.teardown(() => consumer.stop(100))
  await once(claims, 'claim')
  const { now } = Date
  t.teardown(() => {
    Date.now = now
  })
  Date.now = () => now() - 3_600_000
  await t.resolves(once(claims, 'claim', { signal: AbortSignal.timeout(5_000) }), 'claimed again')
})
