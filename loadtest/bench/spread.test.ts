import t from 'tap'
import { spreadOf } from './spread.ts'

t.test('the interval depends on the spread of starts, not on the number of pairs', async (t) => {
  t.same(spreadOf([[0.9, 0.9, 0.9]]), { median: 0.9, low: 0.9, high: 0.9 })
  const pairs = (ratio: number) => Array.from({ length: 100 }, () => ratio)
  t.same(spreadOf([pairs(0.9), pairs(1), pairs(1.1)]), { median: 1, low: 0.9, high: 1.1 })
})
