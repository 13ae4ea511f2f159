import fc from 'fast-check'
import t from 'tap'
import { compactJson } from '#platform/http/plain-json.ts'
import { startApp } from '#testing/app.ts'

/** Exports and imports of details of any size. */

t.test('whitespace between JSON tokens is removed, that in strings stays', async () => {
  const spaced = fc
    .jsonValue()
    .map((value) => ({ value, text: JSON.stringify(value, null, 1).replaceAll('\n', ' ') }))
  fc.assert(fc.property(spaced, ({ value, text }) => compactJson(text) === JSON.stringify(value)))
  const long = { a: `${'\\" x'.repeat(4_000_000)}` }
  if (compactJson(JSON.stringify(long, null, 1).replaceAll('\n', ' ')) !== JSON.stringify(long))
    throw new Error('a long string is not the same')
})

t.test('an export streams details of 13 MB, and an import reads what a client may send', async (t) => {
  const { app, request } = await startApp(t, { env: { DETAILS_LIMIT_BYTES: '1048576' } })
  const { pool } = app.database
  await pool.query(`
    INSERT INTO events (url_id, event_type, details)
    SELECT 1, 'seen', jsonb_build_object('text', repeat('"x\\ 😀', size), 'n', size)
    FROM unnest(ARRAY[1, 1700000, 1, 10000, 10000, 1]) AS size`)
  await pool.query(`INSERT INTO events (url_id, event_type, details) VALUES (1, 'seen', '{"n": 1e20000}')`)
  const largest = 'SELECT max(octet_length(details::text)) AS bytes, count(*) FROM events'
  const { rows: before } = await pool.query(largest)
  t.ok(before[0].bytes > 13_000_000, `${before[0].bytes} bytes`)
  const { rows: stored } = await pool.query('SELECT id, details::text FROM events ORDER BY id')
  const { status, text } = await request('GET', '/events/bulk')
  t.equal(status, 200)
  await pool.query('DELETE FROM events')
  const answer = await request('POST', '/events/bulk', {
    body: text,
    headers: { 'content-type': 'text/csv' }
  })
  t.match(answer.json, { count: 7, imported: 6, errors: [{ line: 3, reason: /DETAILS_LIMIT_BYTES/ }] })
  const { rows: again } = await pool.query('SELECT id, details::text FROM events ORDER BY id')
  t.ok(JSON.stringify(again) === JSON.stringify(stored.toSpliced(1, 1)))
  t.ok((await request('GET', '/events/bulk')).text === text.split('\n').toSpliced(2, 1).join('\n'))
})

t.test('no chunk of an export is much longer than one row or the chunk size', async (t) => {
  const { app } = await startApp(t)
  await app.database.pool.query(`
    INSERT INTO events (url_id, event_type, details)
    SELECT 1, 'seen', jsonb_build_object('text', repeat('x', 30000)) FROM generate_series(1, 500)`)
  let longest = 0
  let total = 0
  await app.imports.exportCsv(
    async (_kind, parts) => {
      for await (const part of parts) {
        longest = Math.max(longest, part.length)
        total += part.length
      }
    },
    { only: ['events'] }
  )
  t.ok(total > 15_000_000 && longest < 400_000, `${longest} of ${total} characters`)
})
