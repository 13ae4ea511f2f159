import fc from 'fast-check'
import t from 'tap'
import { createMemory, type Held } from './memory.ts'

function held(value: number): Held<number> {
  return { value, version: 1, epoch: 0, freshUntil: 0, retryAt: 0, failures: 0 }
}

t.test('holds the latest values and never more than maxEntries', async () => {
  const key = fc.constantFrom(...'abcdefgh')
  const action = fc.oneof(
    fc.record({ verb: fc.constant('set' as const), key, value: fc.nat() }),
    fc.record({ verb: fc.constantFrom('get' as const, 'delete' as const), key })
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(action, { maxLength: 200 }), (room, actions) => {
      const memory = createMemory<number>(room)
      const model = new Map<string, number>()
      for (const one of actions) {
        if (one.verb === 'set') {
          memory.set(one.key, held(one.value))
          model.set(one.key, one.value)
          if (memory.peek(one.key)?.value !== one.value) return false
        } else if (one.verb === 'delete') {
          memory.delete(one.key)
          model.delete(one.key)
        }
        const entry = memory.get(one.key)
        if (entry !== undefined && entry.value !== model.get(one.key)) return false
        if (memory.size > room || memory.size > model.size) return false
      }
      // Every counted entry is reachable, and entries were evicted only when the map was full.
      const reachable = [...'abcdefgh'].filter((one) => memory.peek(one) !== undefined)
      if (reachable.length !== memory.size) return false
      return memory.evictions > 0 || memory.size === model.size
    })
  )
})

t.test('reading many keys once evicts no key that is read repeatedly', async (t) => {
  const memory = createMemory<number>(100)
  const hot = Array.from({ length: 50 }, (_, index) => `hot${index}`)
  for (const key of hot) memory.set(key, held(1))
  for (let index = 0; index < 10_000; index++) {
    memory.set(`cold${index}`, held(0))
    if (index % 40 === 0) for (const key of hot) memory.get(key)
  }
  t.equal(memory.size, 100)
  t.equal(memory.evictions, 9_950)
  t.same(
    hot.filter((key) => memory.peek(key) === undefined),
    []
  )
})

t.test('evicts an entry also when all were used', async (t) => {
  const memory = createMemory<number>(3)
  for (const key of ['a', 'b', 'c']) memory.set(key, held(1))
  for (const key of ['a', 'b', 'c']) memory.get(key)
  memory.set('d', held(1))
  t.equal(memory.size, 3)
  t.equal(memory.peek('a'), undefined, 'the oldest left')
  t.ok(memory.peek('d'))
})

t.test('an iteration sees every value that stays, despite concurrent changes', async (t) => {
  const memory = createMemory<number>(2_000)
  const stays = (value: number) => value % 5 < 4
  const all = Array.from({ length: 900 }, (_, value) => value)
  for (const value of all) memory.set(`${value}`, held(value))
  const met = new Set<number>()
  for (const value of memory.values()) {
    met.add(value)
    memory.set(`new ${value}`, held(-1))
    // Removes the entry just visited, or the next one.
    for (const gone of [value, value - 1]) if (!stays(gone)) memory.delete(`${gone}`)
  }
  t.same(
    all.filter((value) => stays(value) && !met.has(value)),
    []
  )
  t.ok(memory.size > 720, 'others entered')
})
