import fc from 'fast-check'
import t from 'tap'
import { createStringTable } from './string-table.ts'

interface Item {
  readonly key: string
  value: number
}

t.test('holds what a Map would', async () => {
  // Few keys, so that they meet and are deleted amid others, in tables of all sizes.
  const action = fc.record({
    verb: fc.constantFrom('set' as const, 'set' as const, 'delete' as const),
    key: fc.oneof(fc.nat({ max: 40 }).map(String), fc.string({ maxLength: 12, unit: 'grapheme' })),
    value: fc.nat()
  })
  fc.assert(
    fc.property(fc.array(action, { maxLength: 400, size: 'max' }), (actions) => {
      const table = createStringTable<Item>()
      const model = new Map<string, Item>()
      for (const { verb, key, value } of actions) {
        if (verb === 'set') {
          const item = { key, value }
          table.set(item)
          model.set(key, item)
        } else {
          table.delete(key)
          model.delete(key)
        }
        if (table.size !== model.size || table.get(key) !== model.get(key)) return false
      }
      return actions.every(({ key }) => table.get(key) === model.get(key))
    })
  )
})

t.test('grows to many, and finds each of them, also when half of them have left', async (t) => {
  const table = createStringTable<Item>()
  const keys = Array.from({ length: 50_000 }, (_, value) => `code-${value}`)
  for (const [value, key] of keys.entries()) table.set({ key, value })
  t.equal(table.size, 50_000)
  t.ok(keys.every((key, value) => table.get(key)?.value === value))
  for (const [value, key] of keys.entries()) if (value % 2 === 0) table.delete(key)
  t.equal(table.size, 25_000)
  t.ok(keys.every((key, value) => table.get(key)?.value === (value % 2 === 0 ? undefined : value)))
})
