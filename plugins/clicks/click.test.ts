import fc from 'fast-check'
import t from 'tap'
import { version } from 'uuid'
import { clicksOf, createBatchId, decodeBatch, readVisit, toRow } from './click.ts'
import { createClickCodec } from './codec.ts'
import type { ClickDraft } from './contract.ts'

const drafts = fc.record<ClickDraft>({
  urlId: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  userId: fc.option(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
  domain: fc.constantFrom('', 'go.example', 'localhost:3000'),
  shortCode: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
  method: fc.constantFrom('GET', 'HEAD'),
  ip: fc.ipV4(),
  userAgent: fc.option(fc.string({ maxLength: 400 }), { nil: undefined }),
  referrer: fc.option(fc.string({ maxLength: 700 }), { nil: undefined })
})

const NOW = 1_750_000_000_123
const VISIT = '1750000000.120-0123456789abcdef0123456789abcdef'
const codec = createClickCodec(() => null)

/** Encodes `parts` into one batch, one after the other, and returns its clicks. */
function travel(parts: ClickDraft[][], { encoder = codec.createEncoder(), now = NOW } = {}) {
  for (const part of parts)
    encoder.add(
      part,
      part.map(() => now)
    )
  const batch = encoder.seal(now)
  return { batch, clicks: codec.decode(batch.record) }
}

t.test('decoding a batch reverses its encoding', async (t) => {
  const parts = fc.array(fc.array(drafts, { maxLength: 20 }), { maxLength: 5 })
  const encoder = codec.createEncoder()
  fc.assert(
    fc.property(parts, fc.boolean(), (parts, isNamed) => {
      const named = parts.map((part) =>
        part.map((one, at) => (isNamed && at % 3 === 1 ? { ...one, visit: VISIT } : one))
      )
      const { batch, clicks } = travel(named, { encoder })
      const written = named.flat().map((one) => {
        const visit = one.visit === undefined ? null : readVisit(one.visit, NOW)
        return toRow(one, visit?.at ?? NOW, null)
      })
      const read = clicks.map((click) =>
        toRow(
          {
            ...click,
            details: click.details ?? undefined,
            ip: null,
            userAgent: click.userAgent ?? undefined,
            referrer: click.referrer ?? undefined
          },
          click.at,
          null
        )
      )
      t.equal(batch.items, written.length)
      t.equal(JSON.stringify(read), JSON.stringify(written))
    })
  )
})

t.test('each click has its own UUIDv7, in order of time', async (t) => {
  const row = toRow(fc.sample(drafts, 1)[0] as ClickDraft, 0, null)
  const ids = [1_750_000_000_000, 1_750_000_000_001].flatMap((now) =>
    clicksOf({ id: createBatchId(now), rows: Array.from({ length: 300 }, () => row) }).map(({ id }) => id)
  )
  t.equal(new Set(ids).size, 600)
  t.same(ids, ids.toSorted())
  t.ok(ids.every((id) => version(id) === 7))
})

t.test('a visit that the proxy named has the same UUIDv7 in every batch', async (t) => {
  const [draft] = fc.sample(drafts, 1) as [ClickDraft]
  const named = { ...draft, visit: VISIT }
  const [first, second] = [
    [named, draft, draft, draft],
    [draft, draft, draft, named]
  ].map((part) => travel([part]).clicks)
  t.match(first?.[0], { id: '01977420-dc78-7012-8345-6789abcdef01', at: NOW - 3 })
  t.equal(second?.[3]?.id, first?.[0]?.id)
  t.equal(version(first?.[0]?.id ?? ''), 7)
  t.equal(new Set([first, second].flat().map((click) => click?.id)).size, 7, 'the others have ids of ours')
})

t.test('an IP address does not leave the encoder', async (t) => {
  const [draft] = fc.sample(drafts, 1) as [ClickDraft]
  const encoder = createClickCodec(() => Buffer.from('salt')).createEncoder()
  const { batch, clicks } = travel([[{ ...draft, ip: '203.0.113.77' }]], { encoder })
  t.notMatch(batch.record, '203.0.113.77')
  t.match(clicks, [{ visitor: /^[0-9a-f]{15}$/ }])
})

t.test('long user agents and referrers are cut', async (t) => {
  const [draft] = fc.sample(drafts, 1) as [ClickDraft]
  const row = toRow({ ...draft, userAgent: 'u'.repeat(10_000), referrer: 'r'.repeat(10_000) }, 0, null)
  t.ok(JSON.stringify(row).length < 1_000)
})

t.test('a header is decoded as UTF-8 if valid, else as Latin-1', async (t) => {
  const [draft] = fc.sample(drafts, 1) as [ClickDraft]
  const stored = (userAgent: string, referrer?: string) =>
    travel([[{ ...draft, userAgent, referrer }]]).clicks[0]
  const onWire = (text: string) => Buffer.from(text).toString('latin1')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }), (text) => {
      const { userAgent = '', referrer = '' } = stored(onWire(text), onWire(text)) ?? {}
      const isCut = (read: string | null, limit: number) =>
        Buffer.byteLength(text) <= limit
          ? read === text
          : text.startsWith(read ?? '-') && Buffer.byteLength(read ?? '') > limit - 4
      return isCut(userAgent, 256) && isCut(referrer, 512)
    })
  )
  t.equal(stored('caf\xe9')?.userAgent, 'café')
  t.equal(stored(`\xe9${'x'.repeat(400)}`)?.userAgent, `é${'x'.repeat(255)}`)
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
