import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { type Answer, profiles, type Running, startApp, storageOf } from '#testing/app.ts'

/** `/api/sessions`: lists of sessions, and their end. */

const makeKey = () => `fl_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('base64url')}`
const ADMIN = makeKey()
const OWN_PAGE = { 'sec-fetch-site': 'same-origin' }
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/

/** Sends requests with the cookie of a new session, as a page of the server does. */
async function signIn({ request }: Running, key: string) {
  const answer = await request('POST', '/session', { json: { key } })
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? ''
  return (method: string, path: string) => request(method, path, { headers: { cookie, ...OWN_PAGE } })
}

type Page = Awaited<ReturnType<typeof signIn>>
const idOf = async (page: Page) =>
  (await page('GET', '/api/sessions')).json.find(({ is_current }: { is_current: boolean }) => is_current).id
const idsOf = ({ json }: Answer) => json.map(({ id }: { id: string }) => id).sort()

profiles(t, async (t, profile) => {
  const storage = await storageOf(t, profile)
  const env = { AUTH: 'keys', ADMIN_KEY: ADMIN, RATE_LIMIT: 'off' }
  const running = await startApp(t, { storage, env })
  const { request, app } = running
  const admin = (method: string, path: string, json?: unknown) =>
    request(method, path, { ...(json !== undefined && { json }), headers: { 'x-api-key': ADMIN } })
  const issue = async (draft: object) =>
    (await admin('POST', '/keys', { name: 'a key', role: 'read-only', ...draft })).json
  const run = (text: string) => app.database.db.execute(sql.raw(text))
  const user = (await admin('POST', '/users', { username: 'ada', email: 'ada@example.com' })).json

  t.test('a caller sees its own sessions, and nothing that signs in', async (t) => {
    const { key, id: key_id } = await issue({ role: 'member', user_id: user.id, name: 'Ada’s' })
    const other = await issue({ role: 'member', user_id: user.id })
    const page = await signIn(running, key)
    const second = await signIn(running, key)
    await signIn(running, other.key)
    const answer = await page('GET', '/api/sessions')
    t.equal(answer.headers.get('x-total-count'), '2')
    const fields = ['id', 'name', 'role', 'user_id', 'key_id', 'created_at', 'last_seen_at', 'expires_at']
    t.same(Object.keys(answer.json[0]), [...fields, 'idle_expires_at', 'is_current'])
    t.match(answer.json, [
      { name: 'Ada’s', role: 'member', user_id: user.id, key_id, is_current: false, created_at: TIME },
      { name: 'Ada’s', last_seen_at: TIME, expires_at: TIME, idle_expires_at: TIME, is_current: true }
    ])
    t.notMatch(answer.text, /token|hash|fl_/)
    t.same(idsOf(await second('GET', '/api/sessions')), idsOf(answer))
    const withKey = await request('GET', '/api/sessions', { headers: { 'x-api-key': key } })
    t.same(idsOf(withKey), idsOf(answer), 'also with the key itself')
    t.notOk(withKey.json.some(({ is_current }: { is_current: boolean }) => is_current))
    const one = await page('GET', '/api/sessions?per_page=1&page=2')
    t.same([one.json.length, one.headers.get('x-total-count')], [1, '2'])
  })

  t.test('a user who signed in at the provider has all sessions of the user', async (t) => {
    const { key } = await issue({ role: 'member', user_id: user.id })
    const page = await signIn(running, key)
    const own = await idOf(page)
    await run(`update sessions set key_id = null, key_version = null, role = 'member', name = 'ada'
      where id = '${own}'`)
    const keyed = await signIn(running, key)
    const { json } = await page('GET', '/api/sessions')
    t.match(
      json.find(({ id }: { id: string }) => id === own),
      { key_id: null, name: 'ada', is_current: true }
    )
    t.equal((await page('DELETE', `/api/sessions/${await idOf(keyed)}`)).status, 204)
    t.equal((await keyed('GET', '/session')).status, 401)
  })

  t.test('ending a session signs it out at once, and the audit log has it', async (t) => {
    const { key, id: keyId } = await issue({})
    const [one, two, three] = await Promise.all([key, key, key].map((key) => signIn(running, key)))
    if (!one || !two || !three) return
    const id = await idOf(two)
    t.match(await one('DELETE', `/api/sessions/${id}`), { status: 204, text: '' })
    t.match(await two('GET', '/session'), { status: 401, json: { code: 'CREDENTIALS_INVALID' } })
    t.match(await one('DELETE', `/api/sessions/${id}`), { status: 404, json: { code: 'SESSION_UNKNOWN' } })
    t.equal((await one('DELETE', '/api/sessions')).status, 204)
    t.equal((await three('GET', '/session')).status, 401)
    t.equal((await one('GET', '/session')).status, 200)
    t.equal((await one('DELETE', '/api/sessions')).status, 204, 'none is left')

    const ended = await one('DELETE', `/api/sessions/${await idOf(one)}`)
    t.match(ended.headers.get('set-cookie'), /^fairlead_session=; Max-Age=0;/)
    t.equal((await one('GET', '/session')).status, 401)
    const { json: log } = await admin('GET', `/audit?resource=session&action=signed-out&key_id=${keyId}`)
    t.equal(log.length, 3)
    t.match(log[2], { resource_id: id, actor: { kind: 'session' }, before: null, after: null })
  })

  t.test('sessions of others take the scope for keys', async (t) => {
    const { key } = await issue({})
    const other = await signIn(running, (await issue({})).key)
    const page = await signIn(running, key)
    const otherId = await idOf(other)
    t.match(await page('GET', '/api/sessions?all=true'), { status: 403, json: { code: 'SCOPE_MISSING' } })
    t.equal((await page('DELETE', `/api/sessions/${otherId}`)).status, 404)
    t.equal((await page('DELETE', '/api/sessions')).status, 204)
    t.equal((await other('GET', '/session')).status, 200)

    t.notOk(idsOf(await admin('GET', '/api/sessions')).includes(otherId))
    t.ok(idsOf(await admin('GET', '/api/sessions?all=true')).includes(otherId))
    const limited = await issue({ role: 'admin', scopes: ['urls:read'] })
    const asLimited = await signIn(running, limited.key)
    t.equal((await asLimited('GET', '/api/sessions?all=1')).status, 403)
    t.equal((await admin('DELETE', `/api/sessions/${otherId}`)).status, 204)
    t.equal((await other('GET', '/session')).status, 401)
    const { json: log } = await admin('GET', `/audit?resource=session&resource_id=${otherId}`)
    t.match(log, [{ action: 'revoked', actor: { kind: 'key' } }, { action: 'signed-in' }])
  })

  t.test('ended sessions are in no list', async (t) => {
    const ends: Record<string, (of: { id: string; keyId: string }) => Promise<unknown>> = {
      'a rotated key': ({ keyId }) => admin('POST', `/keys/${keyId}/rotate`),
      'a revoked key': ({ keyId }) => admin('DELETE', `/keys/${keyId}`),
      'an expired key': ({ keyId }) =>
        run(`update api_keys set expires_at = now() - interval '1 minute' where public_id = '${keyId}'`),
      'its end': ({ id }) => run(`update sessions set expires_at = now() where id = '${id}'`),
      'its idle time': ({ id }) =>
        run(`update sessions set last_seen_at = now() - interval '61 minutes' where id = '${id}'`)
    }
    const wrong: string[] = []
    for (const [how, end] of Object.entries(ends)) {
      const { key, id: keyId } = await issue({})
      const id = await idOf(await signIn(running, key))
      const before = idsOf(await admin('GET', '/api/sessions?all=true'))
      await end({ id, keyId })
      const after = idsOf(await admin('GET', '/api/sessions?all=true'))
      if (!before.includes(id) || after.includes(id)) wrong.push(how)
    }
    t.same(wrong, [])
  })

  t.test('requests that make no sense are refused', async (t) => {
    const page = await signIn(running, ADMIN)
    t.equal((await request('GET', '/api/sessions')).status, 401)
    t.equal((await request('DELETE', '/api/sessions')).status, 401)
    t.equal((await page('GET', '/api/sessions?all=maybe')).status, 422)
    t.equal((await page('GET', '/api/sessions?alll=true')).status, 422)
    t.equal((await page('DELETE', '/api/sessions/x')).status, 404)
    t.equal((await page('DELETE', `/api/sessions/${'0'.repeat(16)}`)).status, 404)
  })
})

t.test('an open server has no sessions', async (t) => {
  const { request } = await startApp(t)
  for (const path of ['/api/sessions', '/api/sessions?all=true'])
    t.match(await request('GET', path), { status: 200, json: [] })
  t.equal((await request('DELETE', '/api/sessions')).status, 204)
})
