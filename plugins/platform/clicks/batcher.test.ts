import t from 'tap'
import { type Batcher, createBatcher } from './batcher.ts'
import type { Batch, ClickDraft } from './click.ts'

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
  const batches: Batch[] = []
  const waiting: PromiseWithResolvers<void>[] = []
  return {
    batches,
    waiting,
    send(batch: Batch) {
      batches.push(batch)
      const gate = Promise.withResolvers<void>()
      waiting.push(gate)
      return gate.promise
    }
  }
}

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
    stage.batches.map(({ rows }) => rows.length),
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
    stage.batches.map(({ rows }) => rows.length),
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
    stage.batches.map(({ rows }) => rows.length),
    [5]
  )
  stage.waiting[0]?.resolve()
  await batcher.flush()
})

t.test('past the bound of what may wait, batches are spilled and nobody is forgotten', async (t) => {
  const stage = createStage()
  const spilled: Batch[] = []
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
  t.equal(spilled.flatMap(({ rows }) => rows).length, 70)
  const flushed = batcher.flush()
  while (batcher.pending > 0) {
    stage.waiting.shift()?.resolve()
    await turn()
  }
  await Promise.all([...all, flushed])
  t.equal(stage.batches.flatMap(({ rows }) => rows).length, 30)
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
