import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { batchOf, numberCodec } from '#testing/number-codec.ts'
import { mountSmallDisk, whyNoSmallDisk } from '#testing/small-disk.ts'
import { openLocalLog } from './local-log.ts'
import { startLogConsumer } from './log-consumer.ts'

/** Tests the consumer of a log alone. apps/server/click-log.test.ts tests it with PostgreSQL and kills. */

/** A log with a consumer, over a store under the test's control. */
async function setConsumer(
  t: Test,
  { folder = '', gatherMs = 10, store = async (_numbers: number[]) => {} } = {}
) {
  const path = folder || (await mkdtemp(join(tmpdir(), 'fairlead-log-consumer-')))
  t.teardown(() => rm(path, { recursive: true, force: true }))
  const log = await openLocalLog({
    folder: path,
    maxBytes: 2 ** 30,
    onDamage: (_file, detail) => t.fail(detail)
  })
  const batches: number[][] = []
  const letters: unknown[] = []
  const consumer = startLogConsumer<number>({
    log,
    gatherMs,
    decode: numberCodec.decode,
    async store(numbers) {
      await store(numbers)
      batches.push(numbers)
    },
    isTransient: (error) => (error as Error).message === 'away',
    deadLetter: async (letter) => void letters.push(letter),
    onStored: () => undefined,
    onOutage: () => undefined
  })
  t.teardown(() => consumer.stop(0))
  return { folder: path, log, consumer, batches, letters }
}

const range = (from: number, count: number) => Array.from({ length: count }, (_, at) => from + at)

t.test('records are merged into batches of up to 5,000, one in flight', async (t) => {
  let inFlight = 0
  let most = 0
  const { consumer, batches } = await setConsumer(t, {
    async store() {
      most = Math.max(most, ++inFlight)
      await new Promise((done) => setTimeout(done, 5))
      inFlight--
    }
  })
  for (let at = 0; at < 12_000; at += 300) await consumer.append(batchOf(range(at, 300)))
  t.ok(await consumer.settle(10_000))
  t.same(batches.flat(), range(0, 12_000))
  t.ok(batches.length >= 3 && batches.length <= 5, `${batches.length} batches`)
  t.ok(batches.every((batch) => batch.length <= 5_000))
  t.equal(most, 1)
})

t.test('appends slow down to the rate at which items are stored', async (t) => {
  const { consumer, batches } = await setConsumer(t, {
    store: () => new Promise((done) => setTimeout(done, 20))
  })
  let stored = 0
  let most = 0
  for (let at = 0; at < 600_000; at += 300) {
    await consumer.append(batchOf(range(at, 300)))
    for (const batch of batches.splice(0)) stored += batch.length
    most = Math.max(most, at + 300 - stored)
  }
  t.ok(most < 100_000, `at most ${most} items wait`)
})

t.test('a reader does not wait for items to gather', async (t) => {
  const { consumer, batches } = await setConsumer(t, { gatherMs: 3_600_000 })
  for (let round = 0; round < 20; round++) {
    await consumer.append(batchOf([round]))
    t.ok(await consumer.settle(60_000))
  }
  t.same(batches.flat(), range(0, 20))
})

t.test('with nothing under way a reader does not wait at all', async (t) => {
  const { consumer } = await setConsumer(t)
  t.equal(await Promise.race([consumer.settle(1_000), Promise.resolve().then(() => 'later')]), true)
})

t.test('while the database is unavailable the log grows, and settling resolves false', async (t) => {
  let isAway = true
  const { consumer, batches, log } = await setConsumer(t, {
    async store() {
      if (isAway) throw new Error('away')
    }
  })
  for (const number of range(0, 50)) await consumer.append(batchOf([number]))
  t.equal(await consumer.settle(20), false)
  t.ok(log.bytes > 0)
  isAway = false
  t.equal(await consumer.settle(10_000), true)
  t.same(batches.flat(), range(0, 50))
  t.equal(log.bytes, 0)
})

t.test('items that cannot be stored or read are set aside, and all others are stored', async (t) => {
  const { consumer, batches, letters } = await setConsumer(t, {
    async store(numbers) {
      if (numbers.includes(13)) throw new Error('refused')
    }
  })
  await consumer.append(batchOf([1, 2]))
  await consumer.append(batchOf([12, 13, 14]))
  await consumer.append({ items: 1, record: '{"of":"another release"}' })
  await consumer.append(batchOf([3]))
  t.ok(await consumer.settle(10_000))
  t.same(
    batches.flat().sort((a, b) => a - b),
    [1, 2, 3, 12, 14]
  )
  t.same(
    letters.sort((one) => (one === 13 ? 1 : -1)),
    [{ record: '{"of":"another release"}' }, 13]
  )
})

t.test('items that a stopped process left are stored by the next, whatever the clock says', async (t) => {
  const first = await setConsumer(t, {
    async store() {
      throw new Error('away')
    }
  })
  await first.consumer.append(batchOf([1, 2]))
  t.equal(await first.consumer.settle(20), false)
  await first.consumer.stop(20)
  const { now } = Date
  t.teardown(() => {
    Date.now = now
  })
  Date.now = () => now() - 365 * 86_400_000
  const next = await setConsumer(t, { folder: first.folder })
  await next.consumer.append(batchOf([3]))
  t.ok(await next.consumer.settle(10_000))
  t.same(next.batches.flat(), [1, 2, 3])
  t.ok(next.log.oldestMs === 0)
})

t.test('a backlog of 1,000,000 items, and the disk full half-way', { skip: whyNoSmallDisk() }, async (t) => {
  const disk = mountSmallDisk(t, 80)
  let isAway = true
  const seen = new Uint8Array(2_000_000)
  const { consumer, log } = await setConsumer(t, {
    folder: join(disk.path, '0'),
    async store(numbers) {
      if (isAway) throw new Error('away')
      for (const number of numbers) seen[number] = (seen[number] ?? 0) + 1
    }
  })
  const taken: number[] = []
  const refusals: string[] = []
  // As long as real clicks: 150 bytes each.
  const padding = ' '.repeat(70_000)
  for (let next = 0; taken.length < 1_000_000; next += 500) {
    const numbers = range(next, 500)
    const batch = { items: 500, record: `${JSON.stringify(numbers)}${padding}` }
    try {
      await consumer.append(batch)
      taken.push(...numbers)
    } catch (error) {
      refusals.push((error as { code?: string }).code ?? '')
      if (refusals.length === 5) disk.resize(400)
    }
  }
  t.same(refusals, Array(5).fill('ENOSPC'), 'refused while the disk was full, and not a moment longer')
  isAway = false
  t.ok(await consumer.settle(120_000))
  t.equal(
    taken.findIndex((number) => seen[number] !== 1),
    -1,
    'everything that was taken is stored, once'
  )
  t.equal(
    seen.reduce((sum, count) => sum + count, 0),
    1_000_000,
    'and nothing that was refused'
  )
  t.equal(log.bytes, 0)
})
