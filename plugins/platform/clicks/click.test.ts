import fc from 'fast-check'
import t from 'tap'
import { version } from 'uuid'
import {
  type Batch,
  type ClickDraft,
  clicksOf,
  createBatchId,
  decodeBatch,
  encodeBatch,
  toRow
} from './click.ts'

const drafts = fc.record<ClickDraft>({
  urlId: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  userId: fc.option(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
  shortCode: fc.string({ minLength: 1, maxLength: 64 }),
  method: fc.constantFrom('GET', 'HEAD'),
  ip: fc.ipV4(),
  userAgent: fc.option(fc.string({ maxLength: 400 }), { nil: undefined }),
  referrer: fc.option(fc.string({ maxLength: 700 }), { nil: undefined })
})

t.test('a batch is read as it was written', async () => {
  fc.assert(
    fc.property(fc.array(drafts, { maxLength: 50 }), (all) => {
      const batch: Batch = {
        id: createBatchId(Date.now()),
        rows: all.map((one) => toRow(one, 1_750_000_000_000, null))
      }
      return JSON.stringify(clicksOf(decodeBatch(encodeBatch(batch)))) === JSON.stringify(clicksOf(batch))
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

t.test('an address goes no further than the batch', async (t) => {
  const [draft] = fc.sample(drafts, 1) as [ClickDraft]
  const batch = { id: createBatchId(0), rows: [toRow({ ...draft, ip: '203.0.113.77' }, 0, 'abc')] }
  t.notMatch(encodeBatch(batch), '203.0.113.77')
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
    `{"id":"${id}","rows":1}`
  ]) {
    t.throws(() => decodeBatch(text), text)
  }
  t.throws(() => decodeBatch(JSON.stringify({ id, rows: [good.with(0, 'one')] })))
  t.throws(() => decodeBatch(JSON.stringify({ id, rows: [good.with(5, 7)] })))
})
