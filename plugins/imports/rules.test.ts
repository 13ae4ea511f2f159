import t from 'tap'
import { type Running, startApp } from '#testing/app.ts'
import { until } from '#testing/until.ts'

/** How an import handles each row, over HTTP. */

type Kind = 'users' | 'urls' | 'events'

const HEADERS: Record<Kind, string> = {
  users: 'id,username,email,created_at',
  urls: 'id,user_id,short_code,original_url,title,is_active,created_at,updated_at',
  events: 'id,url_id,user_id,event_type,timestamp,details'
}
const TIME = '2025-06-04 00:07:00'

/** Imports rows below the usual header, which is line 1. */
async function load({ request }: Running, kind: Kind, ...rows: string[]) {
  const body = [HEADERS[kind], ...rows, ''].join('\n')
  const answer = await request('POST', `/${kind}/bulk`, { body, headers: { 'content-type': 'text/csv' } })
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`)
  return answer.json
}

const user = (id: number, name: string, email = `${name}@example.com`) => `${id},${name},${email},${TIME}`
const url = (id: number, code: string, owner: number | '' = '') =>
  `${id},${owner},${code},https://example.com/${id},,True,${TIME},${TIME}`
const event = (id: number, urlId: number, time = TIME, details = '{}') =>
  `${id},${urlId},,click,${time},${details}`

const running = await startApp(t)
const { app, request } = running

t.test('keeps duplicate users with a warning, and POST still rejects another', async (t) => {
  t.match(
    await load(
      running,
      'users',
      user(1, 'Ada'),
      user(2, 'ada', 'ada2@example.com'),
      user(3, 'bob', 'ADA@example.com')
    ),
    {
      count: 3,
      imported: 3,
      rejected: 0,
      warnings: [
        { line: 3, reason: /username ada is already user 1's/ },
        { line: 4, reason: /email ADA@example.com is already user 1's/ }
      ]
    }
  )
  t.match(await load(running, 'users', user(4, 'ADA', 'BOB@example.com')), {
    imported: 1,
    warnings: [{ line: 2, reason: /username ADA is already user 1's/ }]
  })
  for (const id of [1, 2, 3, 4]) t.equal((await request('GET', `/users/${id}`)).status, 200)
  const third = { username: 'aDa', email: 'new@example.com' }
  t.equal((await request('POST', '/users', { json: third })).status, 409)
  const heldByTwin = { username: 'new', email: 'bob@example.com' }
  t.equal((await request('POST', '/users', { json: heldByTwin })).status, 409)
})

t.test('a row with an existing id is skipped, also within one file', async (t) => {
  t.match(await load(running, 'users', user(10, 'first'), user(10, 'second'), user(11, 'third')), {
    count: 3,
    imported: 2,
    skipped: 1,
    conflicts: 1
  })
  t.match(await load(running, 'users', user(11, 'third'), user(10, 'first')), {
    imported: 0,
    skipped: 2,
    conflicts: 0
  })
  t.match((await request('GET', '/users/10')).json, { username: 'first' })
})

t.test('rejects a url with a taken code, and stores the others', async (t) => {
  t.match(await load(running, 'urls', url(20, 'aaa'), url(21, 'bbb'), url(22, 'aaa')), {
    imported: 2,
    rejected: 1,
    errors: [{ line: 4, reason: "short_code aaa is already url 20's" }]
  })
  t.match(await load(running, 'urls', url(23, 'bbb'), url(20, 'zzz'), url(24, 'BBB')), {
    count: 3,
    imported: 1,
    skipped: 1,
    rejected: 1,
    errors: [{ line: 2, reason: "short_code bbb is already url 21's" }]
  })
})

t.test('stores rows with missing references, and warns of each reference once', async (t) => {
  t.match(await load(running, 'urls', url(30, 'c30', 4242), url(31, 'c31', 4242), url(32, 'c32', 10)), {
    imported: 3,
    warnings: [{ line: 2, reason: 'user 4242 is not known (yet)' }]
  })
  t.match(await load(running, 'events', event(30, 30), event(31, 777)), {
    imported: 2,
    warnings: [{ line: 3, reason: 'url 777 is not known (yet)' }]
  })
  t.match((await request('GET', '/urls/30')).json, { user_id: 4242 })
})

t.test('reports unreadable rows by line and reason, and stores the others', async (t) => {
  const report = await load(
    running,
    'urls',
    url(40, 'c40'),
    'x,,c41,https://example.com,,True,2025-06-04 00:07:00,2025-06-04 00:07:00',
    `42,,c42,ftp://example.com,,True,${TIME},${TIME}`,
    `43,,c43,"https://example.com`,
    url(44, 'c44'),
    `45,,c45,https://example.com,,True,${TIME}`,
    `46,,c46,https://example.com,"two\nlines",True,${TIME},${TIME}`,
    `47,,c47,https://example.com,,perhaps,${TIME},2025-02-30 00:00:00`
  )
  t.match(report, { count: 8, imported: 3, rejected: 5 })
  t.match(report.errors, [
    { line: 3, reason: /^id is not an id/ },
    { line: 4, reason: /^original_url is not an absolute/ },
    { line: 5, reason: /quote is opened and never closed|goes on after/ },
    { line: 7, reason: 'has 7 fields where the header has 8' },
    { line: 10, reason: /^is_active is neither/ }
  ])
  t.match((await request('GET', '/urls/46')).json, { title: 'two\nlines' })
})

t.test('a value that only the database rejects costs only its row', async (t) => {
  const rows = Array.from({ length: 50 }, (_, index) => event(100 + index, 30))
  rows[17] = event(117, 30, TIME, '"{""n"":1e-17000}"')
  t.match(await load(running, 'events', ...rows), {
    imported: 49,
    rejected: 1,
    errors: [{ line: 19, reason: /^can not be stored/ }]
  })
})

t.test('later inserts get ids past the imported ones, and the sequence never goes back', async (t) => {
  await load(running, 'users', user(5000, 'far'))
  await load(running, 'users', user(60, 'near'))
  const first = await request('POST', '/users', { json: { username: 'n1', email: 'n1@example.com' } })
  t.equal(first.json.id, 5001)
  await load(running, 'users', user(5002, 'next'))
  const second = await request('POST', '/users', { json: { username: 'n2', email: 'n2@example.com' } })
  t.equal(second.json.id, 5003)
})

t.test(
  'events keep their times, in partitions of their months, and imports write none of their own',
  async (t) => {
    const times = ['2019-03-31 23:59:59', '1999-12-31 23:59:59', '2999-01-01 00:00:00']
    await load(running, 'events', ...times.map((time, index) => event(200 + index, 30, time)))
    for (const [index, time] of times.entries()) {
      t.match((await request('GET', `/events/${200 + index}`)).json, { timestamp: time.replace(' ', 'T') })
    }
    const { rows } = await app.database.pool.query(
      'SELECT id, tableoid::regclass::text AS place FROM events WHERE id BETWEEN 200 AND 202 ORDER BY id'
    )
    t.strictSame(
      rows.map(({ place }) => place),
      ['events_2019_03', 'events_default', 'events_default']
    )
    t.equal((await request('GET', '/events?event_type=created')).json.length, 0)
  }
)

t.test('a url redirects as soon as it is imported, despite an earlier 404', async (t) => {
  t.equal((await request('GET', '/sought')).status, 404)
  await load(running, 'urls', url(300, 'sought'))
  t.equal((await request('GET', '/sought')).status, 302)
})

t.test('concurrent requests and imports of the same codes do not fail', async (t) => {
  const codes = Array.from({ length: 40 }, (_, index) => `race${index}`)
  const [report, ...answers] = await Promise.all([
    load(running, 'urls', ...codes.map((code, index) => url(400 + index, code))),
    ...codes.map((short_code) =>
      request('POST', '/urls', { json: { original_url: 'https://example.com', short_code } })
    )
  ])
  const created = answers.filter(({ status }) => status === 201).length
  t.equal(report.imported + created, codes.length, 'each code has one url')
  t.equal(report.rejected, created)
  t.ok(answers.every(({ status }) => status === 201 || status === 409))
})

t.test('waits for a request with the same name, and then stores the duplicate', async (t) => {
  let importing: Promise<unknown> | undefined
  await app.database.withClient(async (client) => {
    await client.query(
      "BEGIN; INSERT INTO users (username, email, username_key, email_key) VALUES ('held', 'held@example.com', 'held', 'held@example.com')"
    )
    importing = load(running, 'users', user(7000, 'held', 'other@example.com'))
    const isBlocked = () =>
      app.database.pool.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'transactionid'"
      )
    await until(isBlocked, ({ rowCount }) => rowCount !== 0)
    await client.query('COMMIT')
  })
  t.match(await importing, {
    imported: 1,
    warnings: [{ line: 2, reason: /username held is already user/ }]
  })
})
