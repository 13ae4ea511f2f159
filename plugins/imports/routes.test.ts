import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { startApp } from '#testing/app.ts'

/** The bulk endpoints over HTTP: forms, bodies, limits and errors. */

const CSV = 'id,username,email,created_at\n1,ada,ada@example.com,2025-06-04 00:07:00\n'
const NOTHING = {
  count: 0,
  imported: 0,
  skipped: 0,
  rejected: 0,
  conflicts: 0,
  renumbered: 0,
  errors: [],
  warnings: []
}
const csv = (body: string) => ({ body, headers: { 'content-type': 'text/csv' } })

function form(name: string, text: string): FormData {
  const fields = new FormData()
  fields.set('note', 'a field beside the file')
  fields.set(name, new Blob([text]), 'users.csv')
  return fields
}

/** A request that sends its body in steps. */
function open(url: string): { request: ClientRequest; answer: Promise<{ status: number; text: string }> } {
  const request = requestHttp(`${url}/users/bulk`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' }
  })
  const answer = new Promise<IncomingMessage>((done, fail) =>
    request.on('response', done).on('error', fail)
  ).then(async (message) => ({ status: message.statusCode ?? 0, text: (await message.toArray()).join('') }))
  answer.catch(() => undefined)
  return { request, answer }
}

const { url, request } = await startApp(t)

t.test('takes a form, a CSV body and a JSON array alike', async (t) => {
  const first = await request('POST', '/users/bulk', { body: form('file', CSV) })
  t.equal(first.status, 201)
  t.strictSame(first.json, {
    ...NOTHING,
    count: 1,
    imported: 1
  })
  const second = await request('POST', '/users/bulk', {
    ...csv(CSV),
    headers: { 'content-type': 'text/csv; charset=utf-8' }
  })
  t.match(second.json, { count: 1, imported: 0, skipped: 1 })
  const ada = { id: 1, username: 'ada', email: 'ada@example.com', created_at: '2025-06-04T00:07:00' }
  t.match((await request('POST', '/users/bulk/', { json: [ada, { ...ada, id: 2 }] })).json, {
    count: 2,
    imported: 1,
    skipped: 1,
    warnings: [{ line: 2 }, { line: 2 }]
  })
  t.strictSame((await request('GET', '/users/1')).json, ada)
})

t.test('accepts null for generated values, and booleans in any spelling', async (t) => {
  const row = { id: null, original_url: 'https://example.com', short_code: null, created_at: null }
  const spellings = [true, 'TRUE', 'True', 'true', '1', null, undefined]
  const json = [...spellings, false, 'FALSE'].map((is_active) => ({ ...row, is_active }))
  t.match((await request('POST', '/urls/bulk', { json })).json, { imported: json.length, errors: [] })
  const active = async (flag: string) => (await request('GET', `/urls?is_active=${flag}`)).json.length
  t.same([await active('TRUE'), await active('FALSE')], [spellings.length, 2])
  const file = ['is_active,original_url', 'TRUE,https://example.com', 'FALSE,https://example.com', ''].join(
    '\n'
  )
  t.match((await request('POST', '/urls/bulk', csv(file))).json, { imported: 2, errors: [] })
})

t.test('rejects JSON values of the wrong type', async (t) => {
  const whole = {
    id: 10,
    url_id: 1,
    user_id: null,
    event_type: 'click',
    timestamp: '2025-06-04T00:07:00',
    details: { a: 'ü"\n' }
  }
  const rows = [
    whole,
    { ...whole, id: '11' },
    { ...whole, id: 12, details: '{}' },
    { ...whole, id: 13, event_type: 5 },
    { ...whole, id: 14, event_type: undefined },
    { ...whole, id: 15, details: { a: '\ud800' } },
    'row',
    null
  ]
  const { json } = await request('POST', '/events/bulk', { json: rows })
  t.match(json, { count: 8, imported: 1, rejected: 7 })
  t.strictSame(json.errors, [
    { line: 2, reason: 'id must be a number' },
    { line: 3, reason: 'details must be an object' },
    { line: 4, reason: 'event_type must be a string' },
    { line: 5, reason: 'event_type is empty' },
    { line: 6, reason: 'details holds NUL, half characters or is nested too deep' },
    { line: 7, reason: 'is not an object' },
    { line: 8, reason: 'is not an object' }
  ])
  t.strictSame((await request('GET', '/events/10')).json, whole)
})

t.test(
  'takes columns in any order and case, a byte order mark, and leaves out what it does not know',
  async (t) => {
    const body =
      '\uFEFFEmail,extra,"id",CREATED_AT,username\r\nbob@example.com,x,20,2025-06-04T00:07:00Z,bob\r\n'
    t.strictSame((await request('POST', '/users/bulk', csv(body))).json, {
      ...NOTHING,
      count: 1,
      imported: 1,
      warnings: [{ line: 1, reason: 'columns that are not known are left out: extra' }]
    })
    t.match((await request('GET', '/users/20')).json, {
      username: 'bob',
      created_at: '2025-06-04T00:07:00'
    })
  }
)

t.test('refuses files without a usable header', async (t) => {
  const cases: [string, RegExp][] = [
    ['', /empty/],
    ['\n\r\n\n', /empty/],
    ['id,username\n1,ada\n', /lacks email;/],
    ['"id,username,email,created_at\n1,ada', /can not be read/]
  ]
  for (const [body, detail] of cases) {
    const answer = await request('POST', '/users/bulk', csv(body))
    t.match([answer.status, answer.json], [422, { code: 'IMPORT_UNREADABLE', detail }], JSON.stringify(body))
    t.match(await request('POST', '/users/bulk', { body: form('file', body) }), { status: 422 })
  }
  t.match((await request('POST', '/users/bulk', csv('id,created_at\n'))).json.errors, [
    { path: 'username' },
    { path: 'email' }
  ])
})

t.test('a file with only the header imports nothing', async (t) => {
  const answer = await request('POST', '/events/bulk', csv('id,url_id,user_id,event_type,timestamp,details'))
  t.match([answer.status, answer.json], [201, { count: 0, imported: 0, rejected: 0 }])
})

t.test('reports bytes that are not text by line', async (t) => {
  const body = Buffer.concat([
    Buffer.from('id,username,email,created_at\n30,b'),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('d,bad@example.com,2025-06-04 00:07:00\n31,fine\uFFFD,f@example.com,2025-06-04 00:07:00\n')
  ])
  t.match((await request('POST', '/users/bulk', { body, headers: { 'content-type': 'text/csv' } })).json, {
    imported: 1,
    errors: [{ line: 2, reason: 'username holds NUL or bytes that are not Unicode text' }]
  })
})

t.test('refuses forms without the file', async (t) => {
  const other = await request('POST', '/users/bulk', { body: form('other', CSV) })
  t.match([other.status, other.json], [422, { errors: [{ path: 'file' }] }])
  const text = new FormData()
  text.set('file', CSV)
  t.equal((await request('POST', '/users/bulk', { body: text })).status, 422)
})

t.test('a form has one file for each field, and the error names further ones', async (t) => {
  const upload = async (path: string, names: string[]) => {
    const body = new FormData()
    for (const name of names) body.append(name, new Blob([CSV]), 'users.csv')
    return request('POST', path, { body })
  }
  for (const [path, names, path422] of [
    ['/users/bulk', ['file', 'file'], 'file'],
    ['/users/bulk', ['file', 'other'], 'other'],
    ['/users/bulk', ['other', 'file'], 'other'],
    ['/sets/bulk', ['users', 'users'], 'users'],
    ['/sets/bulk', ['users', 'file'], 'file']
  ] as const) {
    const answer = await upload(path, [...names])
    t.match(answer, { status: 422, json: { errors: [{ path: path422 }] } }, `${path} ${names}`)
  }
  const events = new Blob(['url_id,event_type\n'])
  const body = new FormData()
  body.append('events', events, 'events.csv')
  body.append('users', new Blob([CSV]), 'users.csv')
  t.match(await request('POST', '/sets/bulk', { body }), {
    status: 422,
    json: { errors: [{ path: 'users' }] }
  })
  t.match((await request('POST', '/sets/bulk', { body: new FormData() })).status, 422)
  const { json: sets } = await request('POST', '/sets/bulk', { json: { users: [], evnts: [] } })
  t.match(sets.warnings, [/evnts is not a field .* events/])
  t.equal((await request('POST', '/sets/bulk', csv(CSV))).status, 415)
  t.equal((await request('POST', '/sets/bulk', { json: [] })).status, 400)
  t.equal((await request('POST', '/sets/bulk', { json: { users: 1 } })).status, 400)
  t.match(
    (
      await request('POST', '/sets/bulk', {
        json: { users: [{ id: 1, username: 'ada', email: 'ada@example.com' }] }
      })
    ).json,
    {
      users: { count: 1, skipped: 1 }
    }
  )
})

t.test('a form has few parts', async (t) => {
  const many = (count: number, add: (body: FormData, at: number) => void) => {
    const body = new FormData()
    for (let at = 0; at < count; at++) add(body, at)
    return request('POST', '/users/bulk', { body })
  }
  const fields = await many(101, (body, at) => body.append(`field${at}`, 'x'))
  t.match(fields, { status: 413, json: { status: 413 } })
  const files = await many(11, (body, at) => body.append(`file${at}`, new Blob(['x']), 'x.csv'))
  t.match(files, { status: 413, json: { status: 413 } })
  t.equal((await request('GET', '/health')).status, 200)
})

t.test('rejects broken forms with the matching error', async (t) => {
  const headers = { 'content-type': 'multipart/form-data; boundary=x' }
  const part = '--x\r\nContent-Disposition: form-data; name="file"; filename="u.csv"\r\n\r\n'
  for (const body of [part + CSV, 'nonsense', '--x\r\n\r\n--x', '']) {
    const answer = await request('POST', '/users/bulk', { body, headers })
    t.ok([400, 422].includes(answer.status), `${JSON.stringify(body.slice(0, 20))} is ${answer.status}`)
    t.match(answer.headers.get('content-type'), 'application/problem+json')
  }
  const bare = await request('POST', '/users/bulk', {
    body: part,
    headers: { 'content-type': 'multipart/form-data' }
  })
  t.ok([400, 415, 422].includes(bare.status), `without a boundary: ${bare.status}`)
})

t.test('refuses other content types and other JSON', async (t) => {
  for (const type of ['text/plain', 'application/xml', 'application/octet-stream']) {
    const answer = await request('POST', '/users/bulk', { body: CSV, headers: { 'content-type': type } })
    t.match(
      [answer.status, answer.json],
      [415, { code: 'CONTENT_TYPE_UNSUPPORTED', detail: /text\/csv/ }],
      type
    )
  }
  t.equal((await request('POST', '/users/bulk')).status, 415)
  for (const json of [{}, 'text', 5, null])
    t.equal((await request('POST', '/users/bulk', { json })).status, 400)
  t.equal(
    (await request('POST', '/users/bulk', { body: '[', headers: { 'content-type': 'application/json' } }))
      .status,
    400
  )
  t.strictSame((await request('POST', '/users/bulk', { json: [] })).json.count, 0)
})

t.test('after a client disconnects, its rows stay and the server continues', async (t) => {
  const { request: upload, answer } = open(url)
  upload.write(CSV.replace('1,ada', '60,gone'))
  await wait(50)
  upload.destroy()
  await t.rejects(answer)
  t.equal((await request('POST', '/users/bulk', csv(CSV))).status, 201)
})

t.test('rejects imports above the limit of concurrent ones, and accepts them afterwards', async (t) => {
  const uploads = Array.from({ length: 8 }, () => open(url))
  for (const { request: upload } of uploads) upload.write(CSV)
  let refused = await request('POST', '/users/bulk', csv(CSV))
  // The last of the eight requests may not have arrived yet.
  while (refused.status === 201) refused = await request('POST', '/users/bulk', csv(CSV))
  t.match([refused.status, refused.json], [503, { code: 'IMPORTS_BUSY' }])
  t.ok(refused.headers.get('retry-after'))
  for (const { request: upload } of uploads) upload.end()
  for (const { answer } of uploads) t.equal((await answer).status, 201)
  t.equal((await request('POST', '/users/bulk', csv(CSV))).status, 201)
})

t.test('a file above the size limit is rejected, with or without a content length', async (t) => {
  const { url, request } = await startApp(t, { env: { BULK_LIMIT_BYTES: '10000' } })
  const large = CSV + '9,x,x@example.com,2025-06-04 00:07:00\n'.repeat(1000)
  for (const answer of [
    await request('POST', '/users/bulk', csv(large)),
    await request('POST', '/users/bulk', { body: form('file', large) }),
    await request('POST', '/users/bulk', {
      json: Array.from({ length: 1000 }, () => ({ id: 1, username: 'x' }))
    })
  ]) {
    t.match([answer.status, answer.json], [413, { code: 'BODY_TOO_LARGE' }])
  }
  const { request: upload, answer } = open(url)
  upload.on('error', () => undefined)
  upload.end(large)
  t.equal((await answer).status, 413)
})
