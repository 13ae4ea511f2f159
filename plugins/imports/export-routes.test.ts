import { once } from 'node:events'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import type { Socket } from 'node:net'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { until } from '#testing/until.ts'

/** Exports over HTTP: rights, clients that disconnect or stall, and the limit of concurrent exports. */

t.test(
  'only callers that see everything export it, and a client that goes away frees its place',
  async (t) => {
    const ADMIN = `fl_0123456789abcdef_${'a'.repeat(43)}`
    const { app, url, request } = await startApp(t, {
      env: { AUTH: 'keys', ADMIN_KEY: ADMIN, RATE_LIMIT: 'off' }
    })
    const headers = { 'x-api-key': ADMIN }
    const user = await request('POST', '/users', {
      json: { username: 'ada', email: 'ada@example.com' },
      headers
    })
    const ask = async (draft: object) => {
      const { key } = (await request('POST', '/keys', { json: { name: 'a key', ...draft }, headers })).json
      return request('GET', '/urls/bulk', { headers: { 'x-api-key': key } })
    }
    t.equal((await request('GET', '/urls/bulk')).status, 401)
    t.match(await ask({ role: 'member', user_id: user.json.id }), {
      status: 403,
      json: { code: 'EXPORT_PARTIAL' }
    })
    t.match(await ask({ role: 'admin', scopes: ['users:read'] }), {
      status: 403,
      json: { code: 'SCOPE_MISSING' }
    })
    t.equal((await ask({ role: 'read-only' })).status, 200)

    const rows = Array.from({ length: 20_000 }, (_, n) => ({ url_id: 1, event_type: `${n}`.repeat(12) }))
    for (let at = 0; at < rows.length; at += 10_000)
      await request('POST', '/events/bulk', { json: rows.slice(at, at + 10_000), headers })
    for (let n = 0; n < 12; n++) {
      const leave = new AbortController()
      const answer = await fetch(`${url}/events/bulk`, { headers, signal: leave.signal })
      t.equal(answer.status, 200)
      leave.abort()
      // More than may run concurrently.
      await until(() => app.database.pool.totalCount === app.database.pool.idleCount)
    }
  }
)

t.test('exports of clients that stop reading end, and only two run at once', async (t) => {
  const { app, url, request } = await startApp(t)
  // More than the buffers of a connection hold.
  await app.database.pool.query(
    `INSERT INTO events (url_id, event_type, details)
     SELECT 1, 'seen', jsonb_build_object('text', repeat('x', 1000)) FROM generate_series(1, 30000)`
  )
  const sockets: Socket[] = []
  app.server.on('connection', (socket) => sockets.push(socket))
  const stalled = await Promise.all(
    [1, 2].map(async () => {
      const download = requestHttp(`${url}/events/bulk`, { agent: false }).end()
      t.teardown(() => download.destroy())
      const [answer] = (await once(download, 'response')) as [IncomingMessage]
      return answer.statusCode
    })
  )
  t.same(stalled, [200, 200])
  const held = [...sockets]
  t.match(await request('GET', '/events/bulk'), { status: 503, json: { code: 'IMPORTS_BUSY' } })
  t.equal(
    (
      await request('POST', '/users/bulk', {
        body: 'username,email\nada,ada@example.com\n',
        headers: { 'content-type': 'text/csv' }
      })
    ).status,
    201,
    'imports have places of their own'
  )
  for (const socket of held) {
    t.equal(socket.timeout, 60_000)
    socket.setTimeout(20)
  }
  await until(() => app.database.pool.totalCount === app.database.pool.idleCount)
  t.ok(held.every(({ destroyed }) => destroyed))
  t.match((await request('GET', '/events/bulk')).text.split('\n').length, 30_002)
})

t.test('with the smallest pool an export leaves a connection', async (t) => {
  const { app } = await startApp(t, { env: { DATABASE_POOL_SIZE: '2' } })
  await app.imports.exportCsv(
    async () => {
      await t.rejects(
        app.imports.exportCsv(async () => undefined),
        { code: 'IMPORTS_BUSY' }
      )
    },
    { only: ['users'] }
  )
})

t.test('consecutive exports do not count as concurrent', async (t) => {
  const { app, request } = await startApp(t)
  const { withClient } = app.database
  app.database.withClient = async (work) => {
    const result = await withClient(work)
    await new Promise((done) => setTimeout(done, 50))
    return result
  }
  const statuses = []
  for (let at = 0; at < 6; at++) statuses.push((await request('GET', '/users/bulk')).status)
  t.same(new Set(statuses), new Set([200]))
})
