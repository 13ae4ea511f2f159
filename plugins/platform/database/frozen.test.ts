import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { startApp, storageOf } from '#testing/app.ts'
import { startPostgres } from '#testing/servers.ts'
import { databaseProblem } from './errors.ts'

/**
 * When the database accepts connections but never answers, each route that uses it sends 503 and Retry-After.
 */

const server = await startPostgres(t)
const storage = { ...(await storageOf(t, 'alone')), DATABASE_URL: server.url }
const env = {
  DATABASE_STATEMENT_TIMEOUT_MS: '100',
  DATABASE_CONNECT_TIMEOUT_MS: '300',
  DATABASE_POOL_SIZE: '4'
}
const { request } = await startApp(t, { storage, env })

const original_url = 'https://a.dev'
const csv = { 'content-type': 'text/csv' }
/** Request bodies by route. */
const BODIES: Record<string, object> = {
  'POST /users': { json: { username: 'a', email: 'a@example.com' } },
  'PUT /users/{id}': { json: { username: 'b' } },
  'POST /urls': { json: { original_url } },
  'PUT /urls/{id}': { json: { title: 'b' } },
  'PATCH /urls/{id}': { json: { title: 'b' } },
  'PATCH /api/links/bulk': { json: { items: [{ id: 1, title: 'b' }] } },
  'DELETE /api/links/bulk': { json: { items: [{ id: 1 }] } },
  'POST /shorten': { json: { url: original_url } },
  'POST /events': { json: { url_id: 1, event_type: 'seen' } },
  'POST /api/tags': { json: { name: 'a' } },
  'PATCH /api/tags/{name}': { json: { color: '#123456' } },
  'POST /api/tags/{name}/merge': { json: { into: 'b' } },
  'POST /keys': { json: { name: 'k', role: 'admin' } },
  'POST /blocked-hosts': { json: { host: 'evil.example' } },
  'POST /session': { json: { key: `fl_${'0'.repeat(16)}_${'a'.repeat(43)}` } },
  'POST /users/bulk': {
    body: 'id,username,email,created_at\n1,a,a@a.dev,2025-01-01 00:00:00\n',
    headers: csv
  },
  'POST /urls/bulk': {
    body: 'id,user_id,short_code,original_url,title,is_active,created_at,updated_at\n1,,a,https://a.dev,,True,2025-01-01 00:00:00,2025-01-01 00:00:00\n',
    headers: csv
  },
  'POST /events/bulk': {
    body: 'id,url_id,user_id,event_type,timestamp,details\n1,1,,seen,2025-01-01 00:00:00,{}\n',
    headers: csv
  },
  'POST /sets/bulk': { json: { users: [{ username: 'a', email: 'a@a.dev' }] } }
}
/** Routes that do not use the database. */
const AWAY = /^(GET|HEAD) \/(health\/live|metrics|docs|openapi\.json|\.well-known|api\/system)|^\S+ \/session/

const { json: description } = await request('GET', '/openapi.json')
const routes = Object.entries(description.paths as Record<string, object>)
  .flatMap(([path, methods]) => Object.keys(methods).map((method) => [method.toUpperCase(), path] as const))
  .filter(([method, path]) => !AWAY.test(`${method} ${path}`))

const isRetryable = ({ status, headers }: Awaited<ReturnType<typeof request>>) =>
  status === 503 && Number(headers.get('retry-after')) > 0

t.test('every route answers 503 with Retry-After while the database hangs', async (t) => {
  t.ok(routes.length > 30, `${routes.length} routes`)
  server.freeze()
  t.teardown(() => server.thaw())
  const answers = await Promise.all(
    routes.map(async ([method, path], at) => {
      const host = path.includes('blocked-hosts') ? 'evil.example' : undefined
      const filled = path.replace(
        /\{\w+\}/g,
        (name) => host ?? (/code/.test(name) ? `code${at}` : '0'.repeat(15).concat('1'))
      )
      const hasTextId = /^\/(keys|api\/sessions)\//.test(path)
      const plain = hasTextId ? filled : filled.replace(/0{15}1/, '1')
      return [`${method} ${path}`, await request(method, plain, BODIES[`${method} ${path}`] ?? {})] as const
    })
  )
  for (const [route, answer] of answers) {
    // Health checks report the unavailable component instead.
    if (route.includes('/health')) t.ok([200, 503].includes(answer.status), route)
    else t.ok(isRetryable(answer), `${route}: ${answer.status} ${answer.text}`)
  }
})

t.test('each way in which PostgreSQL or its driver times out is a 503', async (t) => {
  const holder = new pg.Client({ connectionString: server.url })
  await holder.connect()
  t.teardown(() => holder.end())
  await holder.query('BEGIN; LOCK TABLE urls')
  const waiting = 'SELECT pg_sleep(30)'
  for (const [name, statements, options] of [
    ['statement_timeout', ['SET statement_timeout = 10', waiting]],
    ['lock_timeout', ['SET lock_timeout = 10', 'SELECT FROM urls']],
    ['transaction_timeout', ['SET transaction_timeout = 10', waiting]],
    ['idle_session_timeout', ['SET idle_session_timeout = 10', 'ended']],
    [
      'idle_in_transaction_session_timeout',
      ['SET idle_in_transaction_session_timeout = 10', 'BEGIN', 'ended']
    ],
    ['query_timeout', [waiting], { query_timeout: 10 }]
  ] as [string, string[], pg.ClientConfig?][]) {
    const client = new pg.Client({ connectionString: server.url, ...options })
    client.on('error', () => undefined)
    await client.connect()
    const run = async () => {
      for (const statement of statements) {
        if (statement === 'ended') await new Promise((done) => client.once('end', done))
        await client.query(statement === 'ended' ? 'SELECT 1' : statement)
      }
    }
    const error = await run().catch((error: unknown) => error)
    t.match(databaseProblem(error), { statusCode: 503, retryAfter: 1 }, `${name}: ${error}`)
    await client.end().catch(() => undefined)
  }
})

t.test('a database that stops accepting connections is a 503 as well', async (t) => {
  const storage = await storageOf(t, 'own')
  const env = { DATABASE_CONNECT_TIMEOUT_MS: '100' }
  const { request } = await startApp(t, { storage, env })
  const file = join(storage['DATA_DIR'] ?? '', 'postgresql', 'postmaster.pid')
  const pid = Number((await readFile(file, 'utf8')).split('\n', 1)[0])
  process.kill(pid, 'SIGSTOP')
  t.teardown(() => process.kill(pid, 'SIGCONT'))
  // Each request leaves a pending connection, until the queue of the socket is full.
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.all(Array.from({ length: 12 }, () => request('GET', '/urls')))
    const others = answers.filter((answer) => answer.status !== 200 && !isRetryable(answer))
    t.same(
      others.map(({ text }) => text),
      []
    )
  }
})
