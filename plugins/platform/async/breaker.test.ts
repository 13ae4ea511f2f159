import t from 'tap'
import { createBreaker } from './breaker.ts'

function createTimed() {
  const clock = { time: 0 }
  const changes: boolean[] = []
  const breaker = createBreaker({
    threshold: 3,
    minMs: 100,
    maxMs: 400,
    now: () => clock.time,
    onChange: (isOpen) => changes.push(isOpen)
  })
  return { breaker, clock, changes }
}

t.test('opens after failures in a row, not after failures among successes', async (t) => {
  const { breaker, changes } = createTimed()
  for (let round = 0; round < 5; round++) {
    breaker.fail()
    breaker.fail()
    breaker.succeed()
  }
  t.ok(breaker.allows())
  for (let round = 0; round < 3; round++) breaker.fail()
  t.notOk(breaker.allows())
  t.equal(breaker.retryInMs(), 100)
  t.same(changes, [true])
})

t.test('lets one caller try after the pause, which doubles while tries fail', async (t) => {
  const { breaker, clock, changes } = createTimed()
  for (let round = 0; round < 50; round++) breaker.fail()
  for (const pauseMs of [100, 200, 400, 400]) {
    clock.time += pauseMs - 1
    t.notOk(breaker.allows())
    clock.time += 1
    t.ok(breaker.allows(), `tries after ${pauseMs} ms`)
    t.notOk(breaker.allows(), 'no other caller meanwhile')
    breaker.fail()
    breaker.fail()
  }
  clock.time += 400
  t.ok(breaker.allows())
  breaker.succeed()
  t.ok(breaker.allows() && breaker.allows())
  t.same(changes, [true, false])
})

t.test('lets another try when the first never reports', async (t) => {
  const { breaker, clock } = createTimed()
  for (let round = 0; round < 3; round++) breaker.fail()
  clock.time += 100
  t.ok(breaker.allows())
  clock.time += 400
  t.ok(breaker.allows())
})
