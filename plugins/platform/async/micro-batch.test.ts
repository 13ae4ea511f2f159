import t from 'tap'
import { microBatch } from './micro-batch.ts'

/** Lets `arrivals[n]` come in turn n, from the first on, and gives how many were there when the work ran and in which turn. */
async function gatherFrom(arrivals: number[]): Promise<{ size: number; tick: number }> {
  let size = arrivals[0] ?? 0
  let tick = 0
  let result: { size: number; tick: number } | undefined
  const arrive = () => {
    tick++
    size += arrivals[tick] ?? 0
    if (result === undefined) setImmediate(arrive)
  }
  // One is there when it is called; what else comes in the same turn comes after.
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

t.test('one that comes alone goes at the end of its turn', async (t) => {
  t.same(await gatherFrom([1, 5, 5]), { size: 1, tick: 0 })
})

t.test('as long as each turn brings more, all of them go together', async (t) => {
  t.same(await gatherFrom([2, 3, 0, 4]), { size: 5, tick: 2 })
})

t.test('nobody waits for more than three turns', async (t) => {
  t.same(await gatherFrom([2, 1, 1, 1, 1, 1]), { size: 5, tick: 3 })
})

t.test('a crowd goes at once', async (t) => {
  t.same(await gatherFrom([64, 10]), { size: 64, tick: 0 })
})
