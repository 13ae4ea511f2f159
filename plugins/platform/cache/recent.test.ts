import t from 'tap'
import { createRecent } from './recent.ts'

t.test('forgets each key when its time is up', async (t) => {
  let time = 0
  const recent = createRecent<number>(10, 100, () => time)
  recent.set('a', 1)
  time = 60
  recent.set('b', 2)
  time = 99
  t.same([recent.get('a'), recent.get('b')], [1, 2])
  time = 100
  t.same([recent.get('a'), recent.get('b')], [undefined, 2])
  recent.set('b', 3)
  time = 199
  t.equal(recent.get('b'), 3, 'setting it again starts its time anew')
  time = 200
  t.equal(recent.get('b'), undefined)
})

t.test('never holds more than it has room for, and keeps the younger half', async (t) => {
  const recent = createRecent<number>(100, 1_000, () => 0)
  for (let index = 0; index < 10_000; index++) {
    recent.set(`k${index}`, index)
    if (recent.size > 100) t.fail('too many')
  }
  t.equal(recent.get('k9999'), 9_999)
  t.equal(recent.get('k9950'), 9_950)
})

t.test('forgets what it is told to', async (t) => {
  const recent = createRecent<number>(4, 1_000, () => 0)
  for (const key of ['a', 'b', 'c']) recent.set(key, 1)
  recent.delete('a')
  t.equal(recent.get('a'), undefined)
  recent.clear()
  t.equal(recent.size, 0)
})
