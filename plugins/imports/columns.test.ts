import fc from 'fast-check'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { type Kind, makeRow, type Row, sendRows, toCsv, wipe } from '#testing/import-rows.ts'

/** Files of other systems: few columns, other delimiters and encodings, and JSON, with the same rules. */

const running = await startApp(t)
const { request } = running
const KINDS = ['users', 'urls', 'events'] as const

const REQUIRED: Record<Kind, string[]> = {
  users: ['username', 'email'],
  urls: ['original_url'],
  events: ['url_id', 'event_type']
}

function bigEndian(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}

/** The same file as different programs write it. */
const FORMATS: Record<string, (rows: Row[]) => Buffer> = {
  'commas, UTF-8': (rows) => Buffer.from(toCsv(rows)),
  'semicolons, UTF-8 with a mark, CRLF': (rows) => Buffer.from(`\uFEFF${toCsv(rows, ';', '\r\n')}`),
  'tabs, UTF-16 little-endian with a mark': (rows) => Buffer.from(`\uFEFF${toCsv(rows, '\t')}`, 'utf16le'),
  'tabs, UTF-16 big-endian with a mark': (rows) => bigEndian(`\uFEFF${toCsv(rows, '\t')}`),
  'commas, UTF-16 little-endian': (rows) => Buffer.from(toCsv(rows), 'utf16le'),
  'semicolons, UTF-16 big-endian': (rows) => bigEndian(toCsv(rows, ';'))
}

const send = (kind: Kind, body: Buffer) =>
  request('POST', `/${kind}/bulk`, { body: new Uint8Array(body), headers: { 'content-type': 'text/csv' } })

for (const kind of KINDS) {
  const rows = [1, 2].map((id) => ({
    ...makeRow(kind, id),
    ...(kind === 'users' && { username: `Zoë, "${id}"; 東京\t😀` }),
    ...(kind === 'urls' && { title: `a,b;c\td\n"${id}" 😀` })
  }))

  t.test(`${kind}: every format gives the same rows`, async (t) => {
    await wipe(running, kind)
    await sendRows(running, kind, rows)
    const wanted = (await request('GET', `/${kind}`)).json
    t.equal(wanted.length, 2)
    for (const [name, write] of Object.entries(FORMATS)) {
      await wipe(running, kind)
      t.match((await send(kind, write(rows))).json, { count: 2, imported: 2, errors: [], warnings: [] }, name)
      t.strictSame((await request('GET', `/${kind}`)).json, wanted, name)
    }
  })

  t.test(`${kind}: any optional columns may be missing, in files and in JSON`, async () => {
    const optional = Object.keys(rows[0] ?? {}).filter((name) => !REQUIRED[kind].includes(name))
    await fc.assert(
      fc.asyncProperty(fc.subarray(optional), fc.boolean(), async (names, isJson) => {
        await wipe(running, kind)
        const given = rows.map((row) =>
          Object.fromEntries([...REQUIRED[kind], ...names].map((name) => [name, (row as Row)[name]]))
        )
        const { json } = isJson
          ? await sendRows(running, kind, given)
          : await send(kind, Buffer.from(toCsv(given)))
        if (json.imported !== 2) throw new Error(JSON.stringify(json))
        const stored: Row[] = (await request('GET', `/${kind}`)).json
        for (const [at, row] of given.entries())
          for (const [name, value] of Object.entries(row))
            if (JSON.stringify(stored[at]?.[name]) !== JSON.stringify(value))
              throw new Error(`${name} is ${stored[at]?.[name]}, not ${value}`)
      }),
      { numRuns: 25 }
    )
  })

  t.test(`${kind}: the error names a missing required column or value`, async (t) => {
    await wipe(running, kind)
    for (const name of REQUIRED[kind]) {
      const lacking = rows.map(({ [name]: _, ...rest }: Row) => rest)
      const file = await send(kind, Buffer.from(toCsv(lacking)))
      t.match(file, { status: 422, json: { errors: [{ path: name, message: 'is required in the header' }] } })
      const report = await sendRows(running, kind, lacking)
      t.match(report.json, { imported: 0, rejected: 2, errors: [{ line: 1, reason: `${name} is empty` }] })
    }
  })

  t.test(`${kind}: unknown columns are named and left out, in files and in JSON`, async (t) => {
    const more = rows.map((row) => ({ ...row, short_url: 'x', colour: 'blue' }))
    const warnings = [{ line: 1, reason: 'columns that are not known are left out: short_url, colour' }]
    await wipe(running, kind)
    t.match((await send(kind, Buffer.from(toCsv(more)))).json, { imported: 2, warnings })
    await wipe(running, kind)
    t.match((await sendRows(running, kind, more)).json, { imported: 2, warnings })
  })
}

t.test('missing values are generated as by POST', async (t) => {
  await wipe(running)
  const posted = (await request('POST', '/urls', { json: { original_url: 'https://example.com/posted' } }))
    .json
  await send('urls', Buffer.from('original_url\nhttps://example.com/imported\n'))
  const [, url] = (await request('GET', '/urls')).json
  t.match(url, { id: posted.id + 1, user_id: null, title: null, is_active: true, expires_at: null })
  t.equal(url.short_code.length, posted.short_code.length)
  t.ok(url.created_at >= posted.created_at)
  t.equal(url.updated_at, url.created_at)
  t.equal((await request('GET', `/${url.short_code}`)).headers.get('location'), url.original_url)
  const { json } = await request('POST', '/urls', { json: { original_url: 'https://example.com/next' } })
  t.equal(json.id, url.id + 1)
})

t.test('created_at and updated_at of a link default to each other', async (t) => {
  await wipe(running)
  const [created_at, updated_at] = ['2020-01-01T00:00:00', '2021-01-01T00:00:00']
  await sendRows(running, 'urls', [
    { original_url: 'https://example.com', created_at },
    { original_url: 'https://example.com', updated_at }
  ])
  t.match((await request('GET', '/urls')).json, [
    { created_at, updated_at: created_at },
    { created_at: updated_at, updated_at }
  ])
})

t.test('importing a file without ids twice changes nothing if its rows are identifiable', async (t) => {
  const known: Record<Kind, string> = { users: 'email', urls: 'short_code', events: 'timestamp' }
  for (const kind of KINDS) {
    await wipe(running, kind)
    const rows = [1, 2].map((id) => ({ ...makeRow(kind, id), id: null }))
    t.match((await sendRows(running, kind, rows)).json, { imported: 2, skipped: 0, warnings: [] }, kind)
    t.match((await sendRows(running, kind, rows)).json, { imported: 0, skipped: 2, conflicts: 0 }, kind)
    if (kind === 'users') continue
    const unknown = rows.map((row) => ({ ...row, [known[kind]]: null }))
    t.match(
      (await sendRows(running, kind, unknown)).json,
      { imported: 2, warnings: [{ line: 1, reason: /loading the file again adds them again/ }] },
      kind
    )
  }
})

t.test('thousands of links get distinct codes', async (t) => {
  const { request } = await startApp(t, { env: { CODE_LENGTH: '4' } })
  const json = Array.from({ length: 5_000 }, (_, at) => ({ original_url: `https://example.com/${at}` }))
  t.match((await request('POST', '/urls/bulk', { json })).json, { imported: 5_000, rejected: 0 })
  const urls: { short_code: string; original_url: string }[] = (await request('GET', '/urls')).json
  t.equal(new Set(urls.map(({ short_code }) => short_code)).size, 5_000)
  t.same(
    urls.map(({ original_url }) => original_url),
    json.map(({ original_url }) => original_url),
    'in the order of the file'
  )
})

t.test('a click without a time is counted today', async (t) => {
  await wipe(running)
  const { json: url } = await request('POST', '/urls', { json: { original_url: 'https://example.com/' } })
  await sendRows(running, 'events', [{ url_id: url.id, event_type: 'click' }])
  t.equal((await request('GET', `/urls/${url.id}/stats`)).json.clicks, 1)
})

t.test('a row of broken UTF-16 is rejected', async (t) => {
  await wipe(running)
  const good = Buffer.from('\uFEFFusername,email\nada,ada@example.com\n', 'utf16le')
  const lone = Buffer.from('b\ud800b,bob@example.com\n', 'utf16le')
  const odd = Buffer.concat([Buffer.from('eve,eve@example.com', 'utf16le'), Buffer.of(0x20)])
  t.match((await send('users', Buffer.concat([good, lone, odd]))).json, {
    imported: 1,
    errors: [
      { line: 3, reason: /^username holds/ },
      { line: 4, reason: /^email holds/ }
    ]
  })
})
