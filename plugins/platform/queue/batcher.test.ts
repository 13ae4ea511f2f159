import t from 'tap'
import { numberCodec } from '#testing/number-codec.ts'
import { type Batcher, createBatcher } from './batcher.ts'
import type { EncodedBatch } from './encoder.ts'

/** A next stage under the test's control. */
function createTestbed() {
  const batches: EncodedBatch[] = []
  const waiting: PromiseWithResolvers<void>[] = []
  return {
    batches,
    waiting,
    send(batch: EncodedBatch) {
      batches.push(batch)
      const gate = Promise.withResolvers<void>()
      waiting.push(gate)
      return gate.promise
    }
  }
}

const read = ({ record }: EncodedBatch): number[] => numberCodec.decode(record)

/** Adds an item. The promise settles with its waiter. */
const add = (batcher: Batcher<number>) =>
  new Promise<void>((onTaken, onRefused) => batcher.add(1, { onTaken, onRefused }))

const tick = () => new Promise((done) => setImmediate(done))
const spill = () => Promise.reject(new Error('nothing is to be spilled'))
const defaults = () => ({
  encoder: numberCodec.createEncoder(),
  maxItems: 500,
  waitMs: 0,
  maxInFlight: 1,
  maxPending: 10_000,
  spill
})

t.test('items of one event-loop tick travel together', async (t) => {
  const testbed = createTestbed()
  const batcher = createBatcher({ ...defaults(), send: testbed.send })
  const all = Array.from({ length: 20 }, () => add(batcher))
  while (testbed.batches.length === 0) await tick()
  t.same(
    testbed.batches.map(({ items }) => items),
    [20]
  )
  t.equal(batcher.pending, 20)
  testbed.waiting[0]?.resolve()
  await Promise.all(all)
  t.equal(batcher.pending, 0)
})

t.test('items added while a batch is in flight share the next, sent when that batch settles', async (t) => {
  const testbed = createTestbed()
  const batcher = createBatcher({ ...defaults(), send: testbed.send })
  const first = add(batcher)
  await tick()
  const later = [add(batcher)]
  await tick()
  later.push(add(batcher), add(batcher))
  await tick()
  t.equal(testbed.batches.length, 1)
  testbed.waiting[0]?.resolve()
  await first
  await tick()
  t.same(
    testbed.batches.map(({ items }) => items),
    [1, 3]
  )
  testbed.waiting[1]?.resolve()
  await Promise.all(later)
})

t.test('a full batch is sent at once', async (t) => {
  const testbed = createTestbed()
  const batcher = createBatcher({ ...defaults(), waitMs: 60_000, maxItems: 5, send: testbed.send })
  for (let count = 0; count < 5; count++) batcher.add(1, null)
  t.same(
    testbed.batches.map(({ items }) => items),
    [5]
  )
  testbed.waiting[0]?.resolve()
  await batcher.flush()
})

t.test('an adaptive batch waits for more items as long as waiting brings some', async (t) => {
  const testbed = createTestbed()
  const batcher = createBatcher({
    ...defaults(),
    waitMs: 60_000,
    isAdaptive: true,
    send: testbed.send
  })
  const sizes = () => testbed.batches.map(({ items }) => items)
  /** Runs some event-loop ticks, then sends pending items. */
  async function finish(): Promise<void> {
    for (let count = 0; count < 10; count++) await tick()
    const flushed = batcher.flush()
    for (const gate of testbed.waiting.splice(0)) gate.resolve()
    await flushed
  }
  batcher.add(1, null)
  for (let count = 0; count < 10; count++) await tick()
  batcher.add(1, null)
  await finish()
  t.same(sizes(), [2], 'clicks of several ticks travel together')
  for (let count = 0; count < 3; count++) {
    batcher.add(1, null)
    await finish()
  }
  batcher.add(1, null)
  while (testbed.batches.length < 5) await tick()
  t.same(sizes(), [2, 1, 1, 1, 1], 'after three waits in vain the next batch leaves at once')
  await finish()
})

t.test('a batch has every item in the order in which they were added, however many they are', async (t) => {
  const testbed = createTestbed()
  const batcher = createBatcher({ ...defaults(), waitMs: 60_000, send: testbed.send })
  for (const count of [1, 63, 64, 65, 200]) {
    const numbers = Array.from({ length: count }, (_, at) => at + 1)
    for (const number of numbers) batcher.add(number, null)
    const flushed = batcher.flush()
    testbed.waiting.shift()?.resolve()
    await flushed
    const batch = testbed.batches.shift() as EncodedBatch
    t.equal(batch.items, count)
    t.same(read(batch), numbers)
  }
})

t.test('above the limit of pending items, batches are spilled and every waiter is called', async (t) => {
  const testbed = createTestbed()
  const spilled: EncodedBatch[] = []
  const batcher = createBatcher({
    ...defaults(),
    maxItems: 10,
    maxPending: 30,
    send: testbed.send,
    spill: async (batch) => {
      spilled.push(batch)
    }
  })
  const all = Array.from({ length: 100 }, () => add(batcher))
  await tick()
  t.ok(batcher.pending <= 30, `${batcher.pending} wait`)
  t.equal(spilled.flatMap(read).length, 70)
  const flushed = batcher.flush()
  while (batcher.pending > 0) {
    testbed.waiting.shift()?.resolve()
    await tick()
  }
  await Promise.all([...all, flushed])
  t.equal(testbed.batches.flatMap(read).length, 30)
})

t.test('waiters of a refused batch get the error, and the next batch is sent', async (t) => {
  const testbed = createTestbed()
  const batcher = createBatcher({ ...defaults(), send: testbed.send })
  const first = add(batcher)
  await tick()
  const second = add(batcher)
  testbed.waiting[0]?.reject(new Error('the disk is full'))
  await t.rejects(first, /the disk is full/)
  await tick()
  testbed.waiting[1]?.resolve()
  await second
  t.equal(batcher.pending, 0)
})

t.test('flush sends pending items and resolves when none are left', async (t) => {
  const testbed = createTestbed()
  const batcher = createBatcher({ ...defaults(), waitMs: 60_000, send: testbed.send })
  batcher.add(1, null)
  let isFlushed = false
  const flushed = batcher.flush().then(() => {
    isFlushed = true
  })
  await tick()
  t.equal(testbed.batches.length, 1)
  t.notOk(isFlushed)
  testbed.waiting[0]?.resolve()
  await flushed
})

t.test('settle waits for the batches that exist at its call, not for later ones', async (t) => {
  const testbed = createTestbed()
  const batcher = createBatcher({ ...defaults(), waitMs: 60_000, maxInFlight: 2, send: testbed.send })
  batcher.add(1, null)
  const first = batcher.settle()
  batcher.add(2, null)
  const second = batcher.settle()
  batcher.add(3, null)
  testbed.waiting[0]?.resolve()
  await first
  t.same(testbed.batches.map(read), [[1], [2]], 'the third waits for others')
  testbed.waiting[1]?.reject(new Error('the disk is full'))
  await second
  t.equal(batcher.pending, 1)
  const flushed = batcher.flush()
  testbed.waiting[2]?.resolve()
  await flushed
})
