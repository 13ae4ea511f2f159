import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { unique } from '#apps/acceptance/subject.ts'
import { createContext } from '#testing/click-context.ts'
import { missing } from '#testing/programs.ts'
import { query } from '#testing/query.ts'
import { until } from '#testing/until.ts'

/**
 * Which client data is stored. The server runs as a process with its own PostgreSQL and Redis. It receives
 * requests of every kind with an address or a secret. Then the test searches every place of storage.
 */

const skip = missing('redis-server')

/** Clients as the proxy names them, and every spelling in which their address could be stored. */
const CLIENTS = ['203.0.113.77', '2001:db8:85a3:1234:5678:8a2e:370:7334']
const SPELLINGS = [
  ...CLIENTS,
  '2001:db8:85a3:1234:5678:8a2e',
  '2001:0db8:85a3:1234:5678:8a2e:0370:7334',
  '2001:db8:85a3:1234', // The key of a limit.
  'cb00714d',
  '3405803853',
  ...CLIENTS.map((address) => Buffer.from(address).toString('base64').replace(/=+$/, '').slice(0, 14)),
  ...CLIENTS.map((address) => Buffer.from(address).toString('hex'))
]

/** Returns all files below `folder` as one text. */
async function readAll(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return (await Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')))).join('\n')
}

/** Returns every row of every table as one text. */
async function readTables(url: string): Promise<string> {
  const tables = await query<{ name: string }>(
    url,
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
     AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1`
  )
  const texts = []
  for (const { name } of tables) {
    const rows = await query<{ text: string }>(url, `SELECT x::text AS text FROM "${name}" x`)
    texts.push(`${name}: ${rows.map(({ text }) => text).join('\n')}`)
  }
  return texts.join('\n')
}

t.test('no address of a client is kept whole, and no secret in the log', { skip }, async (t) => {
  const context = await createContext(t)
  const key = `fl_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('base64url')}`
  const redisUrl = new URL(context.env['REDIS_URL'] ?? '')
  const databaseUrl = new URL(context.env['DATABASE_URL'] ?? '')
  databaseUrl.password = 'database-password-9f3'
  const server = await context.start({
    AUTH: 'keys',
    ADMIN_KEY: key,
    TRUST_PROXY: '127.0.0.1',
    RATE_LIMIT: 'on',
    RATE_LIMIT_CREDENTIALS: '3/60',
    RATE_LIMIT_UNKNOWN_CODES: '3/60',
    // Clicks stay in the stream, where the test searches for them.
    CLICK_DRAIN: 'off',
    DATABASE_URL: databaseUrl.href,
    REDIS_URL: redisUrl.href,
    LOG_LEVEL: 'trace'
  })
  const secrets = [
    key,
    'database-password-9f3',
    'query-secret-7c1',
    'wrong-secret-5d2',
    'cookie-secret-4e0',
    'body-secret-1b8'
  ]
  const statuses: number[] = []
  for (const client of CLIENTS) {
    const from = {
      'x-forwarded-for': client,
      'x-real-ip': client,
      forwarded: `for="[${client}]"`,
      'user-agent': 'a visitor'
    }
    const ask = async (
      method: string,
      path: string,
      json?: unknown,
      headers: Record<string, string> = {}
    ) => {
      const answer = await server.request(method, path, {
        ...(json !== undefined && { json }),
        headers: { ...from, ...headers }
      })
      statuses.push(answer.status)
      return answer
    }
    const admin = { authorization: `Bearer ${key}` }
    const { json: link } = await ask(
      'POST',
      '/urls',
      { original_url: 'https://example.com/a' },
      { ...admin, 'idempotency-key': `k-${client.length}` }
    )
    // The first follow looks the link up and caches it; the fast lane serves the second.
    for (const _ of [1, 2]) await ask('GET', `/${link.short_code}`)
    // Counting is asynchronous: one of the next requests is refused.
    await until(
      () => ask('GET', `/${unique()}?token=query-secret-7c1`),
      ({ status }) => status === 429
    )
    const { json: issued } = await ask('POST', '/keys', { name: 'laptop', role: 'read-only' }, admin)
    secrets.push(issued.key)
    const signedIn = await ask('POST', '/session', { key: issued.key })
    const cookie = signedIn.headers.get('set-cookie')?.split(';', 1)[0] ?? ''
    secrets.push(cookie.split('=')[1] ?? '')
    await ask('GET', '/session', undefined, { cookie })
    await ask('GET', '/urls?api_key=query-secret-7c1', undefined, { cookie: 'session=cookie-secret-4e0' })
    await ask('POST', '/session', { key: 'wrong-secret-5d2', password: 'body-secret-1b8' })
    await ask('POST', '/urls', { original_url: 'body-secret-1b8' }, admin)
    await until(
      () => ask('GET', '/urls', undefined, { 'x-api-key': 'fl_wrong-secret-5d2' }),
      ({ status }) => status === 429
    )
    await ask('GET', '/nothing/there', undefined, admin)
  }
  for (const status of [201, 302, 401, 404, 422, 429])
    t.ok(statuses.includes(status), `${status} was among the answers`)

  // Without PostgreSQL and Redis, a click waits on the disk.
  const { short_code: code } = (
    await server.request('GET', '/urls?per_page=1&page=1', { headers: { authorization: `Bearer ${key}` } })
  ).json[0]
  const tables = await readTables(context.postgres.url)
  await Promise.all([context.redis.kill(), context.postgres.kill()])
  const click = await server.request('GET', `/${code}`, {
    headers: { 'x-forwarded-for': CLIENTS[0] as string, 'user-agent': 'a visitor' }
  })
  t.equal(click.status, 302)
  const places = {
    'the tables': tables,
    // The append-only file has everything ever written: stream, counters of limits, cached links.
    Redis: await readAll(context.redis.folder),
    'the folder of the server': await readAll(context.env['DATA_DIR'] ?? '')
  }
  t.match(places['the tables'], /api_keys: [\s\S]*audit_log: [\s\S]*https:\/\/example\.com\/a/)
  t.match(places['Redis'], /xadd[\s\S]*a visitor/i, 'the clicks are there')
  t.match(places['Redis'], /limit:credentials:|limit:unknown/i, 'the limits are there')
  t.match(places['the folder of the server'], /a visitor/, 'the click is there')
  await server.end('SIGKILL')
  const log = server.output()
  t.match(log, /"ip":"203\.0\.113\.0"/, 'the log has the network of a client')
  for (const [place, held] of Object.entries({ ...places, 'the log': log }))
    for (const spelling of SPELLINGS)
      t.notOk(held.toLowerCase().includes(spelling.toLowerCase()), `${place}: ${spelling}`)
  for (const secret of secrets) t.notOk(log.includes(secret), `the log: ${secret.slice(0, 12)}…`)
  for (const secret of secrets.filter((one) => one.startsWith('fl_')))
    t.notOk(tables.includes(secret.slice(20)), 'of a key only its hash is stored')
})
