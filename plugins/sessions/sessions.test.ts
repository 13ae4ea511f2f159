import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { type Answer, profiles, type Running, startApp, storageOf } from '#testing/app.ts'

/** Sessions over HTTP: how they begin, what they permit, and everything that ends them. */

const makeKey = () => `fl_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('base64url')}`
const ADMIN = makeKey()
const KEYS = { AUTH: 'keys', ADMIN_KEY: ADMIN }
const OWN_PAGE = { 'sec-fetch-site': 'same-origin' }

const setCookie = ({ headers }: Answer) => headers.get('set-cookie') ?? ''
/** `name=value` of the cookie that a response sets. */
const cookieOf = (answer: Answer) => setCookie(answer).split(';', 1)[0] ?? ''

async function signIn({ request }: Pick<Running, 'request'>, key: string, headers = {}): Promise<string> {
  const answer = await request('POST', '/session', { json: { key }, headers })
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`)
  return cookieOf(answer)
}

/** Sends requests with a cookie, as a page of the server does. */
const as =
  ({ request }: Pick<Running, 'request'>, cookie: string) =>
  (method: string, path: string, json?: unknown, headers: Record<string, string> = OWN_PAGE) =>
    request(method, path, { ...(json !== undefined && { json }), headers: { cookie, ...headers } })

async function start(t: Test, storage: Record<string, string>, env: Record<string, string> = {}) {
  const running = await startApp(t, { storage, env: { ...KEYS, RATE_LIMIT: 'off', ...env } })
  const admin = (method: string, path: string, json?: unknown) =>
    running.request(method, path, { ...(json !== undefined && { json }), headers: { 'x-api-key': ADMIN } })
  const issue = async (draft: object) =>
    (await admin('POST', '/keys', { name: 'a key', role: 'read-only', ...draft })).json
  return { ...running, admin, issue }
}

profiles(t, async (t, profile) => {
  const storage = await storageOf(t, profile)
  const running = await start(t, storage)
  const { request, admin, issue, app } = running
  const run = (text: string) => app.database.db.execute(sql.raw(text))
  const count = async () => Number((await run('select count(*) from sessions')).rows[0]?.['count'])

  t.test('a key signs in, and its session may do what the key may', async (t) => {
    const user = (await admin('POST', '/users', { username: 'ada', email: 'ada@example.com' })).json
    const { key, id } = await issue({ role: 'member', user_id: user.id, name: 'Ada’s' })
    const answer = await request('POST', '/session', { json: { key } })
    t.equal(answer.status, 201)
    t.equal(answer.headers.get('cache-control'), 'no-store')
    t.match(setCookie(answer), /^fairlead_session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/)
    t.match(answer.json, { kind: 'session', name: 'Ada’s', role: 'member', user_id: user.id, key_id: id })
    t.match(answer.json, { expires_at: /^\d{4}-/, idle_expires_at: /^\d{4}-/ })
    t.notMatch(answer.text, key.slice(20))
    const page = as(running, cookieOf(answer))
    t.same((await page('GET', '/session')).json, answer.json)
    const made = await page('POST', '/urls', { original_url: 'https://example.com' })
    t.match(made, { status: 201, json: { user_id: user.id } })
    t.match(await page('GET', '/audit'), { status: 403, json: { code: 'SCOPE_MISSING' } })
    const [entry] = (await admin('GET', `/audit?resource=url&resource_id=${made.json.id}`)).json
    t.match(entry.actor, { kind: 'session', key_id: id, user_id: user.id })
  })

  t.test('the session of a read-only key without a user reads what the key reads', async (t) => {
    const { json: link } = await admin('POST', '/urls', { original_url: 'https://example.com/monitored' })
    const { key } = await issue({})
    const page = as(running, await signIn(running, key))
    t.equal((await page('GET', `/urls/${link.id}`)).status, 200)
    const byKey = await request('GET', '/urls', { headers: { 'x-api-key': key } })
    t.same((await page('GET', '/urls')).json, byKey.json)
    t.equal((await page('PUT', `/urls/${link.id}`, { title: 'x' })).status, 403)
  })

  t.test('signing out ends a session for good, and the audit log has both events', async (t) => {
    const { key, id } = await issue({})
    const cookie = await signIn(running, key, { 'x-request-id': 'in-1' })
    const page = as(running, cookie)
    const out = await page('DELETE', '/session')
    t.equal(out.status, 204)
    t.match(setCookie(out), /^fairlead_session=; Max-Age=0; Path=\/; HttpOnly; SameSite=Lax$/)
    t.match(await page('GET', '/session'), { status: 401, json: { code: 'CREDENTIALS_INVALID' } })
    t.equal((await page('GET', '/urls')).status, 401)
    const log = (await admin('GET', `/audit?resource=session&key_id=${id}`)).json
    t.match(log, [
      { action: 'signed-out', actor: { kind: 'session' } },
      { action: 'signed-in', actor: { kind: 'session', name: 'a key' }, request_id: 'in-1' }
    ])
    t.equal(log[0].resource_id, log[1].resource_id)
    const token = cookie.split('=')[1] ?? ''
    t.notMatch(JSON.stringify(log), token)
    const stored = JSON.stringify((await run('select * from sessions')).rows)
    t.notMatch(stored, token, 'only a hash is stored')
  })

  t.test('an invalid key begins no session', async (t) => {
    const before = await count()
    for (const [json, status] of [
      [{ key: makeKey() }, 401],
      [{ key: ADMIN.slice(0, -1) }, 401],
      [{ key: 'x' }, 401],
      [{ key: '' }, 422],
      [{ key: 7 }, 422],
      [{}, 422]
    ] as const) {
      const answer = await request('POST', '/session', { json })
      t.equal(answer.status, status, JSON.stringify(json))
      t.equal(setCookie(answer), '')
      t.notMatch(answer.text, ADMIN.slice(20, 40))
    }
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    t.equal((await request('POST', '/session', { body: `key=${ADMIN}`, headers })).status, 415, 'nor a form')
    const foreign = { origin: 'https://evil.example' }
    t.equal((await request('POST', '/session', { json: { key: ADMIN }, headers: foreign })).status, 403)
    t.equal(await count(), before)
  })

  t.test('a request that changes something must come from a page of this server', async (t) => {
    const page = as(running, await signIn(running, ADMIN))
    const post = (headers: Record<string, string>) =>
      page('POST', '/urls', { original_url: 'https://example.com' }, headers)
    const own = running.url
    for (const headers of [
      { 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'same-origin', origin: own },
      { origin: own }
    ])
      t.equal((await post(headers)).status, 201, JSON.stringify(headers))
    for (const headers of [
      {},
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' },
      { origin: 'https://evil.example' },
      { origin: own.replace('http:', 'https:') },
      { origin: `${own}.evil.example` },
      { origin: 'null' }
    ] as Record<string, string>[])
      t.match(await post(headers), { status: 403, json: { code: 'ORIGIN_REFUSED' } }, JSON.stringify(headers))
    t.equal((await page('DELETE', '/session', undefined, {})).status, 403, 'the session does not end')
    t.equal((await page('GET', '/session', undefined, { 'sec-fetch-site': 'cross-site' })).status, 200)
  })

  t.test('a new sign-in begins a new session, with any earlier cookie', async (t) => {
    const planted = `fairlead_session=${randomBytes(32).toString('base64url')}`
    const one = await signIn(running, ADMIN, { cookie: planted })
    t.not(one, planted)
    t.equal((await as(running, planted)('GET', '/session')).status, 401)
    const two = await signIn(running, ADMIN, { cookie: one })
    t.not(two, one)
    t.equal((await as(running, one)('GET', '/session')).status, 401, 'the old one has ended')
    t.equal((await as(running, two)('GET', '/session')).status, 200)
  })

  t.test('the end of a key is the end of its sessions', async (t) => {
    const user = (await admin('POST', '/users', { username: 'gone', email: 'gone@example.com' })).json
    const ends = {
      revoked: (id: string) => admin('DELETE', `/keys/${id}`),
      rotated: (id: string) => admin('POST', `/keys/${id}/rotate`),
      'deleted with its user': () => admin('DELETE', `/users/${user.id}`)
    }
    for (const [how, end] of Object.entries(ends)) {
      const { key, id } = await issue({ role: 'member', user_id: user.id })
      const page = as(running, await signIn(running, key))
      t.equal((await page('GET', '/session')).status, 200)
      t.ok((await end(id)).status < 300, how)
      t.match(await page('GET', '/session'), { status: 401, json: { code: 'CREDENTIALS_INVALID' } }, how)
    }
    const expires_at = new Date(Date.now() + 3_600_000).toISOString().slice(0, 19)
    const { key } = await issue({ expires_at })
    const { json } = await request('POST', '/session', { json: { key } })
    t.equal(json.expires_at, expires_at, 'no session outlives its key')
  })

  t.test('a session ends after its idle time, and after its maximum duration', async (t) => {
    await run('delete from sessions')
    const back = (column: string, minutes: number) =>
      run(`update sessions set ${column} = ${column} - interval '${minutes} minutes'`)
    const page = as(running, await signIn(running, ADMIN))
    await back('last_seen_at', 59)
    const seen = await page('GET', '/session')
    t.equal(seen.status, 200)
    const idleEnd = Date.parse(`${seen.json.idle_expires_at}Z`)
    t.ok(idleEnd - Date.now() > 55 * 60_000, 'it was noted that it is used')
    await back('last_seen_at', 59)
    t.equal((await page('GET', '/session')).status, 200)
    await back('last_seen_at', 61)
    t.equal((await page('GET', '/session')).status, 401, 'idle')
    await run('update sessions set last_seen_at = now()')
    t.equal((await page('GET', '/session')).status, 200)
    await back('expires_at', 12 * 60 + 1)
    t.equal((await page('GET', '/session')).status, 401, 'too old')

    const live = as(running, await signIn(running, ADMIN))
    t.equal(await count(), 2)
    t.equal(await app.sessions.prune(), 1)
    t.equal((await live('GET', '/session')).status, 200)
    await back('last_seen_at', 61)
    t.equal(await app.sessions.prune(), 1)
    t.equal(await count(), 0)
  })

  t.test('a key in a header takes precedence over a cookie, and redirects ignore both', async (t) => {
    const { key } = await issue({})
    const cookie = await signIn(running, ADMIN)
    const both = await request('GET', '/session', { headers: { cookie, authorization: `Bearer ${key}` } })
    t.match(both.json, { kind: 'key', role: 'read-only', expires_at: null })
    const { json } = await admin('POST', '/urls', { original_url: 'https://example.com/' })
    for (const headers of [{ cookie: 'fairlead_session=x' }, { authorization: 'Bearer x' }])
      t.equal((await request('GET', `/${json.short_code}`, { headers })).status, 302)
    t.equal((await request('GET', '/urls', { headers: { cookie: 'fairlead_session=x' } })).status, 401)
    t.match((await request('GET', '/urls', { headers: { cookie: 'other=x' } })).json, {
      code: 'CREDENTIALS_MISSING'
    })
    const taken = { original_url: 'https://example.com/', short_code: 'Session' }
    t.equal((await admin('POST', '/urls', taken)).status, 422, 'the address is reserved')
  })

  if (profile === 'redis')
    t.test('all replicas share a session', async (t) => {
      const other = await start(t, storage)
      const cookie = await signIn(running, ADMIN)
      t.equal((await as(other, cookie)('GET', '/session')).status, 200)
      t.equal((await as(other, cookie)('DELETE', '/session')).status, 204)
      t.equal((await as(running, cookie)('GET', '/session')).status, 401, 'at once')
    })
})

t.test('over https the cookie is for this host and for https only', async (t) => {
  const storage = await storageOf(t, 'alone')
  const running = await start(t, storage, { PUBLIC_URL: 'https://sho.rt' })
  const answer = await running.request('POST', '/session', { json: { key: ADMIN } })
  t.match(
    setCookie(answer),
    /^__Host-fairlead_session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Lax$/
  )
  const page = as(running, cookieOf(answer))
  t.equal((await page('GET', '/session')).status, 200)
  t.equal((await page('DELETE', '/session', undefined, { origin: 'https://sho.rt' })).status, 204)
  const bare = cookieOf(await running.request('POST', '/session', { json: { key: ADMIN } })).slice(7)
  t.equal((await as(running, bare)('GET', '/session')).status, 401, 'a neighbour may have planted it')
})

t.test('sign-ins with invalid keys are rate limited', async (t) => {
  const env = { RATE_LIMIT: 'on', RATE_LIMIT_SIGN_IN: '2/60' }
  const { request } = await start(t, await storageOf(t, 'alone'), env)
  const attempt = async () => (await request('POST', '/session', { json: { key: makeKey() } })).status
  t.same([await attempt(), await attempt(), await attempt()], [401, 401, 429])
})

t.test('an open server requires no sign-in', async (t) => {
  const { request } = await startApp(t)
  t.match(await request('GET', '/session'), {
    status: 200,
    json: { kind: 'open', role: 'admin', user_id: null, expires_at: null }
  })
})
