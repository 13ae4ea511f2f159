import t from 'tap'
import { createLatencies } from './latencies.ts'

t.test('says below what a share of the durations is, to a hundredth of a millisecond', async (t) => {
  const latencies = createLatencies()
  for (let index = 1; index <= 1_000; index++) latencies.add(index / 10)
  t.equal(latencies.count, 1_000)
  t.equal(latencies.percentile(0.5), 50.01)
  t.equal(latencies.percentile(0.99), 99.01)
  t.equal(latencies.percentile(1), 100)
})

t.test('keeps the longest exactly and counts seconds coarsely', async (t) => {
  const latencies = createLatencies()
  for (const ms of [1, 2_500.4, 90_000]) latencies.add(ms)
  t.equal(latencies.percentile(0.5), 2_501)
  t.equal(latencies.maxMs, 90_000)
})

t.test('is zero when there was nothing', async (t) => {
  t.equal(createLatencies().percentile(0.5), 0)
})

t.test('merges others without moving any duration', async (t) => {
  const [one, other] = [createLatencies(), createLatencies()]
  for (const ms of [0.004, 1, 5_000]) one.add(ms)
  for (const ms of [2, 3]) other.add(ms)
  other.merge(one)
  t.same([other.count, other.maxMs], [5, 5_000])
  t.same([other.percentile(0.2), other.percentile(0.6), other.percentile(1)], [0.01, 2.01, 5_000])
})
