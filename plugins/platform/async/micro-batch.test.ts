import t from 'tap'
import { microBatch } from './micro-batch.ts'

/** Adds `arrivals[n]` items in tick n. Returns the number of items and the tick when the work ran. */
async function gatherFrom(arrivals: number[]): Promise<{ size: number; tick: number }> {
  let size = arrivals[0] ?? 0
  let tick = 0
  let result: { size: number; tick: number } | undefined
  const arrive = () => {
    tick++
    size += arrivals[tick] ?? 0
    if (result === undefined) setImmediate(arrive)
  }
  // The batch has one item when it is created. Other items of the same tick arrive later.
  let isFirst = true
  microBatch(
    () => {
      const seen = isFirst ? 1 : size
      isFirst = false
      return seen
    },
    () => {
      result = { size, tick }
    }
  )
  setImmediate(arrive)
  while (result === undefined) await new Promise((done) => setImmediate(done))
  return result
}

t.test('a single item is sent at the end of its tick', async (t) => {
  t.same(await gatherFrom([1, 5, 5]), { size: 1, tick: 0 })
})

t.test('a batch grows as long as each tick adds items', async (t) => {
  t.same(await gatherFrom([2, 3, 0, 4]), { size: 5, tick: 2 })
})

t.test('no item waits for more than three more ticks', async (t) => {
  t.same(await gatherFrom([2, 1, 1, 1, 1, 1]), { size: 5, tick: 3 })
})

t.test('a full batch is sent at once', async (t) => {
  t.same(await gatherFrom([64, 10]), { size: 64, tick: 0 })
})
