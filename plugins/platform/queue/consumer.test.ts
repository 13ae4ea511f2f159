import { EventEmitter, once } from 'node:events'
import type { Redis } from 'ioredis'
import t from 'tap'
import { startDrainer } from './consumer.ts'
import type { ClickStream } from './redis-stream.ts'

/** The drainer by itself; with Redis, PostgreSQL and kills it is in apps/acceptance/clicks-outages.test.ts. */

t.test('batches of a dead drainer are taken over although the clock was set back', async (t) => {
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
  const drainer = startDrainer({
    stream: stream as unknown as ClickStream,
    connect: () => ({ disconnect: () => undefined }) as unknown as Redis,
    store: async () => undefined,
    isPassing: () => true,
    takeOverMs: 20,
    onStored: () => undefined,
    onBuried: () => undefined,
    onOutage: (error) => t.fail(String(error))
  })
  t.teardown(() => drainer.stop(100))
  await once(claims, 'claim')
  const { now } = Date
  t.teardown(() => {
    Date.now = now
  })
  Date.now = () => now() - 3_600_000
  await t.resolves(once(claims, 'claim', { signal: AbortSignal.timeout(5_000) }), 'looked for again')
})
