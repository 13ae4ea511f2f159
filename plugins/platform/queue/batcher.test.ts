import t from 'tap'
import { type Click, type ClickDraft, clicksOf, decodeBatch } from '#plugins/clicks/click.ts'
import { type Batcher, createBatcher } from './batcher.ts'
import type { PackedBatch } from './encoder.ts'

const draft: ClickDraft = {
  urlId: 1,
  userId: null,
  shortCode: 'abc',
  method: 'GET',
  ip: '203.0.113.7',
  userAgent: undefined,
  referrer: undefined
}

/** A next stage that the test lets go on. */
function createStage() {
  const batches: PackedBatch[] = []
  const waiting: PromiseWithResolvers<void>[] = []
  return {
    batches,
    waiting,
    send(batch: PackedBatch) {
      batches.push(batch)
      const gate = Promise.withResolvers<void>()
      waiting.push(gate)
      return gate.promise
    }
  }
}

const read = ({ record }: PackedBatch): Click[] => clicksOf(decodeBatch(record))

/** Adds a click; the promise settles when its waiter is told. */
const add = (batcher: Batcher) =>
  new Promise<void>((onTaken, onRefused) => batcher.add(draft, { onTaken, onRefused }))

const turn = () => new Promise((done) => setImmediate(done))
const bounds = { maxRows: 500, waitMs: 0, maxInFlight: 1, maxPending: 10_000 }
const nameVisitor = () => null
const spill = () => Promise.reject(new Error('nothing is to be spilled'))

t.test('clicks of one turn of the event loop travel together', async (t) => {
  const stage = createStage()
  const batcher = createBatcher({ ...bounds, send: stage.send, spill, nameVisitor })
  const all = Array.from({ length: 20 }, () => add(batcher))
  while (stage.batches.length === 0) await turn()
  t.same(
    stage.batches.map(({ clicks }) => clicks),
    [20]
  )
  t.equal(batcher.pending, 20)
  stage.waiting[0]?.resolve()
  await Promise.all(all)
  t.equal(batcher.pending, 0)
})

t.test('what comes while a batch is on its way travels in the next, at once when it returns', async (t) => {
  const stage = createStage()
  const batcher = createBatcher({ ...bounds, send: stage.send, spill, nameVisitor })
  const first = add(batcher)
  await turn()
  const later = [add(batcher)]
  await turn()
  later.push(add(batcher), add(batcher))
  await turn()
  t.equal(stage.batches.length, 1)
  stage.waiting[0]?.resolve()
  await first
  await turn()
  t.same(
    stage.batches.map(({ clicks }) => clicks),
    [1, 3]
  )
  stage.waiting[1]?.resolve()
  await Promise.all(later)
})

t.test('a full batch leaves without waiting', async (t) => {
  const stage = createStage()
  const batcher = createBatcher({
    ...bounds,
    waitMs: 60_000,
    maxRows: 5,
    send: stage.send,
    spill,
    nameVisitor
  })
  for (let count = 0; count < 5; count++) batcher.add(draft, null)
  t.same(
    stage.batches.map(({ clicks }) => clicks),
    [5]
  )
  stage.waiting[0]?.resolve()
  await batcher.flush()
})

t.test('a batch is one whole, however many clicks came for it and whether a proxy named them', async (t) => {
  const stage = createStage()
  const now = () => 1_750_000_000_123
  const batcher = createBatcher({ ...bounds, waitMs: 60_000, send: stage.send, spill, nameVisitor, now })
  const visit = '1750000000.120-0123456789abcdef0123456789abcdef'
  for (const count of [1, 63, 64, 65, 200]) {
    for (let urlId = 1; urlId <= count; urlId++)
      batcher.add({ ...draft, urlId, ...(urlId === count && urlId > 64 && { visit }) }, null)
    const flushed = batcher.flush()
    stage.waiting.shift()?.resolve()
    await flushed
    const batch = stage.batches.shift() as PackedBatch
    t.equal(batch.clicks, count)
    const clicks = read(batch)
    t.same(
      clicks.map(({ urlId }) => urlId),
      Array.from({ length: count }, (_, at) => at + 1)
    )
    t.equal(new Set(clicks.map(({ id }) => id)).size, count)
    if (count > 64) t.match(clicks.at(-1), { id: '01977420-dc78-7012-8345-6789abcdef01', at: now() - 3 })
  }
})

t.test('past the bound of what may wait, batches are spilled and nobody is forgotten', async (t) => {
  const stage = createStage()
  const spilled: PackedBatch[] = []
  const batcher = createBatcher({
    ...bounds,
    maxRows: 10,
    maxPending: 30,
    send: stage.send,
    spill: async (batch) => {
      spilled.push(batch)
    },
    nameVisitor
  })
  const all = Array.from({ length: 100 }, () => add(batcher))
  await turn()
  t.ok(batcher.pending <= 30, `${batcher.pending} wait`)
  t.equal(spilled.flatMap(read).length, 70)
  const flushed = batcher.flush()
  while (batcher.pending > 0) {
    stage.waiting.shift()?.resolve()
    await turn()
  }
  await Promise.all([...all, flushed])
  t.equal(stage.batches.flatMap(read).length, 30)
})

t.test('those who wait are told when their batch was not taken, and the next goes on', async (t) => {
  const stage = createStage()
  const batcher = createBatcher({ ...bounds, send: stage.send, spill, nameVisitor })
  const first = add(batcher)
  await turn()
  const second = add(batcher)
  stage.waiting[0]?.reject(new Error('the disk is full'))
  await t.rejects(first, /the disk is full/)
  await turn()
  stage.waiting[1]?.resolve()
  await second
  t.equal(batcher.pending, 0)
})

t.test('flush sends what waits and resolves when all is done with', async (t) => {
  const stage = createStage()
  const batcher = createBatcher({ ...bounds, waitMs: 60_000, send: stage.send, spill, nameVisitor })
  batcher.add(draft, null)
  let isFlushed = false
  const flushed = batcher.flush().then(() => {
    isFlushed = true
  })
  await turn()
  t.equal(stage.batches.length, 1)
  t.notOk(isFlushed)
  stage.waiting[0]?.resolve()
  await flushed
})
