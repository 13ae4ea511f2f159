import fc from 'fast-check'
import t from 'tap'
import { type BucketCount, createPageIndex } from './page-index.ts'

/** A table of ids that records each count. */
function createTable(ids: number[]) {
  const table = { ids: new Set(ids), counted: [] as number[] }
  async function countBuckets(_on: null, fromId: number, size: number): Promise<BucketCount[]> {
    const counts = new Map<number, number>()
    for (const id of [...table.ids].sort((a, b) => a - b)) {
      if (id < fromId) continue
      table.counted.push(id)
      const bucket = Math.floor(id / size)
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1)
    }
    return [...counts].map(([bucket, rows]) => ({ bucket, rows }))
  }
  return { table, countBuckets }
}

function read(ids: Set<number>, { fromId, skip }: { fromId: number; skip: number }): number | undefined {
  return [...ids].sort((a, b) => a - b).filter((id) => id >= fromId)[skip]
}

t.test('finds row number n of any set of ids', async () => {
  const sets = fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 200 })
  await fc.assert(
    fc.asyncProperty(sets, fc.nat({ max: 250 }), async (ids, offset) => {
      const { table, countBuckets } = createTable(ids)
      const index = createPageIndex({ countBuckets, bucketSize: 10, tailBuckets: 2 })
      const found = read(table.ids, await index.locate(null, offset))
      const expected = [...ids].sort((a, b) => a - b)[offset]
      return found === expected && (await index.total(null)) === ids.length
    })
  )
})

t.test('counts old rows once and the newest each time', async (t) => {
  const { table, countBuckets } = createTable(Array.from({ length: 100 }, (_, at) => at + 1))
  const index = createPageIndex({ countBuckets, bucketSize: 10, tailBuckets: 2 })
  await index.total(null)
  table.counted = []
  table.ids.add(101)
  t.equal(await index.total(null), 101, 'a new row shows at once')
  t.ok(Math.min(...table.counted) >= 80, 'without counting old ones again')
})

t.test('a deletion among old rows shows after the next recount, which runs in the background', async (t) => {
  let time = 0
  const { table, countBuckets } = createTable(Array.from({ length: 100 }, (_, at) => at + 1))
  const index = createPageIndex({
    countBuckets,
    bucketSize: 10,
    tailBuckets: 2,
    recountMs: 1_000,
    now: () => time
  })
  t.equal(await index.total(null), 100)
  table.ids.delete(1)
  t.equal(await index.total(null), 100)
  time = 2_000
  await index.total(null)
  t.equal(await index.total(null), 99)
})

t.test('a row that commits late among the newest is counted', async (t) => {
  const { table, countBuckets } = createTable([...Array.from({ length: 95 }, (_, at) => at + 1), 97, 98])
  const index = createPageIndex({ countBuckets, bucketSize: 10, tailBuckets: 2 })
  t.equal(await index.total(null), 97)
  table.ids.add(96)
  t.equal(await index.total(null), 98)
})

t.test('a place past the end has no rows', async (t) => {
  const { table, countBuckets } = createTable(Array.from({ length: 100 }, (_, at) => at + 1))
  const index = createPageIndex({ countBuckets, bucketSize: 10, tailBuckets: 2 })
  t.equal(read(table.ids, await index.locate(null, 100)), undefined)
  t.equal(read(table.ids, await index.locate(null, 5_000)), undefined)
})

t.test('counts are used again for a second, until a row changes or the connection is another', async (t) => {
  const clock = { time: 0, changes: 0 }
  const { table, countBuckets } = createTable([1, 2, 3])
  const index = createPageIndex<object | null>({
    countBuckets: (_, fromId, size) => countBuckets(null, fromId, size),
    changes: () => clock.changes,
    now: () => clock.time
  })
  await index.total(null)
  table.counted = []
  t.equal(await index.total(null), 3)
  t.same(table.counted, [])
  table.ids.add(4)
  t.equal(await index.total({}), 4, 'in a transaction, for example')
  clock.changes++
  t.equal(await index.total(null), 4)
  table.ids.delete(4)
  clock.time += 1_000
  t.equal(await index.total(null), 3, 'although no change was heard of')
})

t.test('a change during a count is counted by the next call', async (t) => {
  const { table, countBuckets } = createTable([1])
  let changes = 0
  const index = createPageIndex<null>({
    countBuckets: async (...call) => {
      const counts = await countBuckets(...call)
      if (table.ids.size === 1) {
        table.ids.add(2)
        changes++
      }
      return counts
    },
    changes: () => changes,
    now: () => 0
  })
  await index.total(null)
  t.equal(await index.total(null), 2)
})

t.test('a first count that fails is retried by the next caller', async (t) => {
  const { countBuckets } = createTable([1, 2, 3])
  let failures = 1
  const index = createPageIndex<null>({
    countBuckets: (on, fromId, size) => {
      if (failures-- > 0) return Promise.reject(new Error('no database'))
      return countBuckets(on, fromId, size)
    }
  })
  await t.rejects(index.total(null), /no database/)
  t.equal(await index.total(null), 3)
})
