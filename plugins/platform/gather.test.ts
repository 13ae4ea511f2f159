import t from 'tap'
import { gather } from './gather.ts'

/** Lets `arrivals[n]` come in turn n, from the first on, and gives how many were there when the work ran and in which turn. */
async function gatherFrom(arrivals: number[]): Promise<{ size: number; turn: number }> {
  let size = arrivals[0] ?? 0
  let turn = 0
  let result: { size: number; turn: number } | undefined
  const arrive = () => {
    turn++
    size += arrivals[turn] ?? 0
    if (result === undefined) setImmediate(arrive)
  }
  // One is there when it is called; what else comes in the same turn comes after.
  let isFirst = true
  gather(
    () => {
      const seen = isFirst ? 1 : size
      isFirst = false
      return seen
    },
    () => {
      result = { size, turn }
    }
  )
  setImmediate(arrive)
  while (result === undefined) await new Promise((done) => setImmediate(done))
  return result
}

t.test('one that comes alone goes at the end of its turn', async (t) => {
  t.same(await gatherFrom([1, 5, 5]), { size: 1, turn: 0 })
})

t.test('as long as each turn brings more, all of them go together', async (t) => {
  t.same(await gatherFrom([2, 3, 0, 4]), { size: 5, turn: 2 })
})

t.test('nobody waits for more than three turns', async (t) => {
  t.same(await gatherFrom([2, 1, 1, 1, 1, 1]), { size: 5, turn: 3 })
})

t.test('a crowd goes at once', async (t) => {
  t.same(await gatherFrom([64, 10]), { size: 64, turn: 0 })
})
