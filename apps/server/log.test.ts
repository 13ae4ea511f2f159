import pg from 'pg'
import t from 'tap'
import { hasRedis, storageOf } from '#testing/app.ts'
import { startServer } from '#testing/process.ts'

t.test('each request is one line of JSON with the request and its outcome', async (t) => {
  const env = { ...(await storageOf(t, 'alone')), TRUST_PROXY: '127.0.0.1' }
  const server = await startServer(t, env)
  const { request } = server
  const user = { username: 'jane', email: 'jane.private@example.com' }
  const url = { original_url: 'https://example.com/secret-target', title: 'secret-title' }
  const headers = {
    'x-request-id': 'trace-7',
    'x-forwarded-for': '203.0.113.77',
    authorization: 'Bearer secret-token'
  }
  await request('POST', '/users', { json: user, headers })
  await request('POST', '/users', { json: user })
  await request('POST', '/urls', { json: url })
  await request('GET', '/urls?q=secret-query')
  await request('GET', '/users/1?token=secret-query', {
    headers: { 'x-forwarded-for': '2001:db8:1:2:3:4:5:6' }
  })
  await request('GET', '/users/999', { headers: { cookie: 'secret-cookie' } })
  await request('POST', '/users', { headers: { 'content-type': 'application/json' }, body: '{"secret-body' })
  await request('GET', '/no/such/path?secret-query')
  await request('PATCH', '/users', { json: {} })
  t.same(await server.end(), { code: 0, signal: null })

  const output = server.output()
  for (const line of output.trim().split('\n')) t.doesNotThrow(() => JSON.parse(line), line.slice(0, 60))
  for (const line of server.lines()) t.match(line, { level: String, time: /^\d{4}-.*Z$/, msg: /./ })

  const requests = server.lines().filter(({ msg }) => msg === 'request')
  t.match(
    requests.map(({ method, route, status }) => [method, route, status]),
    [
      ['POST', '/users', 201],
      ['POST', '/users', 409],
      ['POST', '/urls', 201],
      ['GET', '/urls', 200],
      ['GET', '/users/:id', 422],
      ['GET', '/users/:id', 404],
      ['POST', '/users', 400],
      ['GET', '(none)', 404],
      ['PATCH', '(none)', 405]
    ]
  )
  t.ok(
    requests.every(
      ({ request_id, ms }) => typeof request_id === 'string' && typeof ms === 'number' && ms >= 0
    )
  )
  t.equal(requests[0]?.['request_id'], 'trace-7')
  t.equal(requests[0]?.['ip'], '203.0.113.0')
  t.equal(requests[4]?.['ip'], '2001:db8:1::')
  t.notMatch(
    output,
    /secret|jane|203\.0\.113\.77|db8:1:2/,
    'nothing private: no body, query, header or full address'
  )
})

t.test(
  "a line names the key of its caller, even of a forbidden request, and never the key's secret",
  async (t) => {
    const key = `fl_0123456789abcdef_${'a'.repeat(43)}`
    const server = await startServer(t, { ...(await storageOf(t, 'alone')), AUTH: 'keys', ADMIN_KEY: key })
    const { request } = server
    const headers = { authorization: `Bearer ${key}` }
    const json = { name: 'watcher', role: 'read-only' }
    const watcher = (await request('POST', '/keys', { json, headers })).json
    const refused = { 'x-api-key': watcher.key }
    t.equal((await request('POST', '/urls', { json: {}, headers: refused })).status, 403)
    t.equal((await request('GET', '/urls')).status, 401)
    await server.end()
    t.same(
      server
        .lines()
        .filter(({ msg }) => msg === 'request')
        .map(({ route, status, key_id }) => [route, status, key_id]),
      [
        ['/keys', 201, '0123456789abcdef'],
        ['/urls', 403, watcher.id],
        ['/urls', 401, undefined]
      ]
    )
    t.notMatch(server.output(), new RegExp(`${key}|${watcher.key}`))
  }
)

t.test('a level suppresses lines below it', async (t) => {
  const server = await startServer(t, await storageOf(t, hasRedis() ? 'redis' : 'alone'))
  t.ok(server.lines().every(({ level }) => level === 'info'))
  await server.request('GET', '/health')
  await server.request('GET', '/health/ready')
  await server.end()
  t.notOk(
    server.lines().some(({ msg }) => msg === 'request'),
    'probes that succeed are not worth a line'
  )
})

t.test(
  'a database error is logged without the parameters of the statement',
  { skip: !hasRedis() && 'there is none' },
  async (t) => {
    const storage = await storageOf(t, 'redis')
    const url = new URL(storage['DATABASE_URL'] ?? '')
    url.password = 'hunter2'
    const server = await startServer(t, {
      ...storage,
      DATABASE_URL: url.href,
      DATABASE_STATEMENT_TIMEOUT_MS: '150'
    })

    // Another transaction locks the same email and does not end, so the server's insert waits until its
    // timeout.
    const client = new pg.Client({ connectionString: url.href })
    await client.connect()
    await client.query('BEGIN')
    await client.query(
      `INSERT INTO users (username, email, username_key, email_key) VALUES ('jane', 'jane@example.com', 'jane', 'jane@example.com')`
    )
    const json = { username: 'jane', email: 'jane@example.com' }
    const answer = await server.request('POST', '/users', { json })
    await client.query('ROLLBACK')
    await client.end()
    t.equal(answer.status, 503)
    t.ok(answer.headers.get('retry-after'))
    t.notMatch(answer.text, /insert|jane/i)

    await server.end()
    const line = server
      .lines()
      .find(({ level, request_id }) => level === 'warn' && request_id === answer.json.request_id)
    t.match(line, { err: { message: /statement timeout/, stack: /store\.ts/ }, code: 'DATABASE_UNAVAILABLE' })
    t.notMatch(server.output(), /jane|hunter2/)
  }
)
