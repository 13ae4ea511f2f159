import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import t from 'tap'
import { isPlainJson, storedBytes } from '#platform/http/plain-json.ts'
import { startApp } from '#testing/app.ts'
import { readEventChunk } from './store-chunks.ts'

/** Events with large details: new ones are refused, existing ones are never read into memory all at once. */

const MIB = 1_048_576

t.test('details have a limit in bytes, the same for the API and for imports', async (t) => {
  const { request } = await startApp(t, { env: { DETAILS_LIMIT_BYTES: '1024' } })
  const { json } = await request('POST', '/urls', { json: { original_url: 'https://example.com' } })
  const create = (details: object) =>
    request('POST', '/events', { json: { url_id: json.id, event_type: 'note', details } })
  let loaded = 0
  const load = async (details: object) => {
    const row = {
      id: 1_000 * ++loaded,
      url_id: json.id,
      user_id: null,
      event_type: 'note',
      timestamp: '2025-06-04 00:07:00',
      details
    }
    return (await request('POST', '/events/bulk', { json: [row] })).json
  }
  // {"a":""} takes 8 bytes.
  const fitting = [{ a: 'x'.repeat(1_016) }, { a: 'é'.repeat(508) }, { a: 1e300 }, { a: [1e300, 1e300] }, {}]
  const large = [{ a: 'x'.repeat(1_017) }, { a: 'é'.repeat(509) }, { a: [1e300, 1e300, 1e300, 1e300] }]
  for (const details of fitting) {
    t.equal((await create(details)).status, 201)
    t.match(await load(details), { imported: 1, rejected: 0 })
  }
  for (const details of large) {
    t.match(await create(details), {
      status: 422,
      json: { code: 'INPUT_INVALID', errors: [{ path: 'details' }] }
    })
    t.match(await load(details), { imported: 0, errors: [{ reason: /details takes more than 1024 bytes/ }] })
  }
  // An export and an import do not change the size.
  const file = (await request('GET', '/events/bulk')).text
  const again = await request('POST', '/events/bulk', { body: file, headers: { 'content-type': 'text/csv' } })
  t.match(again.json, { rejected: 0, imported: 0 })
})

t.test('jsonb never returns a larger text than was measured', async (t) => {
  const { app } = await startApp(t, { profile: 'alone' })
  const values = fc.sample(
    fc.jsonValue().filter((value) => isPlainJson(value)),
    500
  )
  for (const value of values) {
    const text = JSON.stringify(value)
    const { rows } = await app.database.db.execute<{ stored: string }>(
      sql`select (${text}::jsonb)::text as stored`
    )
    // jsonb adds blanks after colons and commas, which exports remove.
    const blanks = (text.match(/[:,]/g) ?? []).length
    const stored = Buffer.byteLength(rows[0]?.stored ?? '')
    if (stored > storedBytes(text) + blanks) t.fail(`${text} is stored with ${stored} bytes`)
  }
  t.equal(values.length, 500)
})

t.test('text that looks like a number is measured as text', async (t) => {
  const values = fc.sample(fc.string({ unit: fc.constantFrom(...'0123456789abcdef"\\') }), 500)
  const wrong = [...values, '4e99999', '"4e99999'].filter((value) => {
    const text = JSON.stringify({ [value]: [value] })
    return storedBytes(text) !== Buffer.byteLength(text)
  })
  t.same(wrong, [])
})

t.test('events that are large together are read and sent by chunks', async (t) => {
  const { app, request } = await startApp(t)
  const { json: user } = await request('POST', '/users', {
    json: { username: 'ada', email: 'ada@example.com' }
  })
  const { json } = await request('POST', '/urls', {
    json: { user_id: user.id, original_url: 'https://example.com' }
  })
  // Rows that an earlier release accepted: 40 with 1 MiB, between small ones.
  await app.database.db.execute(sql`
    insert into events (url_id, user_id, event_type, details)
    select ${json.id}::bigint, ${user.id}::bigint, 'note', jsonb_build_object('n', n, 'a', repeat('x', case when n % 50 = 0 then ${MIB} else 1 end))
    from generate_series(1, 2000) as n`)
  let largest = 0
  let rows = 0
  for (let after = 0, isLast = false; !isLast; ) {
    const chunk = await readEventChunk(app.database.db, sql`id > ${after}`, 10_000)
    largest = Math.max(largest, Buffer.byteLength(chunk.text))
    after = chunk.lastId
    rows += chunk.rows
    isLast = chunk.isLast
  }
  t.equal(rows, 2_001)
  t.ok(largest < 6 * MIB, `${largest} bytes`)

  const same = (list: { details: { n?: number } }[], first: number, count: number) =>
    t.same(
      list.map(({ details }) => details.n),
      Array.from({ length: count }, (_, at) => first + at)
    )
  const all = await request('GET', `/events?url_id=${json.id}&event_type=note`)
  same(all.json, 1, 2_000)
  t.equal(all.headers.get('x-total-count'), '2000')
  t.equal(all.headers.get('content-length'), null, 'sent as it is read')
  const page = await request('GET', `/events?event_type=note&page=2&per_page=600`)
  same(page.json, 601, 600)
  t.match(page.headers.get('link'), /rel="next"/)
  const small = await request('GET', `/events?event_type=note&per_page=10`)
  same(small.json, 1, 10)
  t.ok(small.headers.get('content-length'))

  const exported = await request('GET', `/users/${user.id}/export`)
  t.equal(exported.json.urls[0].events.length, 2_001)
  const { text } = await request('GET', '/events/bulk')
  t.equal(text.split('\n').length, 2_003, 'header, rows and the end')
})
