import fc from 'fast-check'
import t from 'tap'
import { version } from 'uuid'
import { createPacker } from '#platform/queue/encoder.ts'
import { type ClickDraft, clicksOf, createBatchId, decodeBatch, readVisit, toRow } from './click.ts'

const drafts = fc.record<ClickDraft>({
  urlId: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  userId: fc.option(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
  shortCode: fc.string({ minLength: 1, maxLength: 64 }),
  method: fc.constantFrom('GET', 'HEAD'),
  ip: fc.ipV4(),
  userAgent: fc.option(fc.string({ maxLength: 400 }), { nil: undefined }),
  referrer: fc.option(fc.string({ maxLength: 700 }), { nil: undefined })
})

/** The names of the visits of so many clicks: every third has one. */
const namesOf = (rows: unknown[]) => rows.map((_row, at) => (at % 3 === 1 ? '0123456789abcdef01' : null))

t.test('a batch is read as it was written', async () => {
  const parts = fc.array(fc.array(drafts, { maxLength: 20 }), { maxLength: 5 })
  fc.assert(
    fc.property(parts, fc.boolean(), (parts, isNamed) => {
      const packer = createPacker()
      const rows = parts.map((part) => part.map((one) => toRow(one, 1_750_000_000_000, null)))
      const visits = rows.map((part) => (isNamed ? namesOf(part) : part.map(() => null)))
      for (const [at, part] of rows.entries()) packer.add(part, visits[at] ?? [])
      const { clicks, record } = packer.seal(Date.now())
      const batch = decodeBatch(record)
      const written = { ...batch, rows: rows.flat(), visits: visits.flat() }
      return (
        clicks === rows.flat().length && JSON.stringify(clicksOf(batch)) === JSON.stringify(clicksOf(written))
      )
    })
  )
})

t.test('each click has a UUIDv7 of its own, in the order of time', async (t) => {
  const row = toRow(fc.sample(drafts, 1)[0] as ClickDraft, 0, null)
  const ids = [1_750_000_000_000, 1_750_000_000_001].flatMap((now) =>
    clicksOf({ id: createBatchId(now), rows: Array.from({ length: 300 }, () => row) }).map(({ id }) => id)
  )
  t.equal(new Set(ids).size, 600)
  t.same(ids, ids.toSorted())
  t.ok(ids.every((id) => version(id) === 7))
})

t.test('a visit that the proxy named has the same UUIDv7 in every batch', async (t) => {
  const now = 1_750_000_000_123
  const visit = readVisit('1750000000.120-0123456789abcdef0123456789abcdef', now)
  if (visit === null) throw new Error('it is a name')
  const row = toRow(fc.sample(drafts, 1)[0] as ClickDraft, visit.at, null)
  const ids = [0, 3].map((place) => {
    const packer = createPacker()
    const visits = Array.from({ length: 4 }, (_, at) => (at === place ? visit.name : null))
    packer.add([row, row, row, row], visits)
    return clicksOf(decodeBatch(packer.seal(now).record)).map(({ id }) => id)
  })
  t.equal(ids[0]?.[0], '01977420-dc78-7012-8345-6789abcdef01')
  t.equal(ids[1]?.[3], ids[0]?.[0])
  t.equal(version(ids[0]?.[0] ?? ''), 7)
  t.equal(new Set(ids.flat()).size, 7, 'those beside it have ids of ours')
})

t.test('an address goes no further than the batch', async (t) => {
  const [draft] = fc.sample(drafts, 1) as [ClickDraft]
  const packer = createPacker()
  packer.add([toRow({ ...draft, ip: '203.0.113.77' }, 0, 'abc')], [null])
  t.notMatch(packer.seal(0).record, '203.0.113.77')
})

t.test('long user agents and referrers are cut', async (t) => {
  const [draft] = fc.sample(drafts, 1) as [ClickDraft]
  const row = toRow({ ...draft, userAgent: 'u'.repeat(10_000), referrer: 'r'.repeat(10_000) }, 0, null)
  t.ok(JSON.stringify(row).length < 1_000)
})

t.test('refuses what is not a batch', async (t) => {
  const id = createBatchId(0)
  const good = toRow((fc.sample(drafts, 1) as [ClickDraft])[0], 0, null)
  for (const text of [
    '',
    'null',
    '{}',
    '{"id":"x","rows":[]}',
    `{"id":"${id}","rows":[[1]]}`,
    `{"id":"${id}","rows":1}`,
    `{"id":"${id}","rows":[],"visits":{}}`,
    `{"id":"${id}","rows":[],"visits":["0123456789ABCDEF01"]}`
  ]) {
    t.throws(() => decodeBatch(text), text)
  }
  t.throws(() => decodeBatch(JSON.stringify({ id, rows: [good.with(0, 'one')] })))
  t.throws(() => decodeBatch(JSON.stringify({ id, rows: [good.with(5, 7)] })))
})
