import t from 'tap'
import { createLatencies } from './latencies.ts'

t.test('a percentile is exact to a thousandth of its length', async (t) => {
  const latencies = createLatencies()
  for (let index = 1; index <= 1_000; index++) latencies.add(index / 10)
  t.equal(latencies.count, 1_000)
  const wrong = [
    [0.5, 50],
    [0.99, 99],
    [1, 100]
  ].filter(([share = 0, ms = 0]) => Math.abs(latencies.percentile(share) - ms) > ms / 1_000)
  t.same(wrong, [])
})

t.test('an empty collection has zeros', async (t) => {
  const { count, maxMs, percentile } = createLatencies()
  t.same([count, maxMs, percentile(0.5)], [0, 0, 0])
})

t.test('merge adds all durations', async (t) => {
  const [one, other] = [createLatencies(), createLatencies()]
  for (const ms of [0.004, 1, 90_000]) one.add(ms)
  for (const ms of [2, 3]) other.add(ms)
  other.merge(one)
  t.same([other.count, Math.round(other.maxMs / 1_000)], [5, 90])
  t.same([other.percentile(0.2), Math.round(other.percentile(0.6))], [0.004, 2])
})
