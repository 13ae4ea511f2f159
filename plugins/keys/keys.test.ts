import t, { type Test } from 'tap'
import { profiles, type Running, startApp, storageOf } from '#testing/app.ts'
import { createKeyParts, formatKey } from './secret.ts'

/** Keys over HTTP: what they permit, how they end, and what responses never show. */

const ADMIN = formatKey(createKeyParts())
const KEYS = { AUTH: 'keys', ADMIN_KEY: ADMIN }

/** Sends requests with a key. */
function as(running: Pick<Running, 'request'>, key: string): Running['request'] {
  return (method, path, options = {}) =>
    running.request(method, path, {
      ...options,
      headers: { authorization: `Bearer ${key}`, ...options.headers }
    })
}

async function issue(admin: Running['request'], draft: Record<string, unknown>) {
  const { status, json, text } = await admin('POST', '/keys', { json: { name: 'a key', ...draft } })
  if (status !== 201) throw new Error(`${status} ${text}`)
  return json
}

async function start(t: Test, storage: Record<string, string>, env: Record<string, string> = {}) {
  const running = await startApp(t, { storage, env: { ...KEYS, ...env } })
  return { ...running, admin: as(running, ADMIN) }
}

profiles(t, async (t, profile) => {
  const storage = await storageOf(t, profile)
  const running = await start(t, storage)
  const { request, admin, app } = running

  t.test('without a key only redirects, probes and the description are served', async (t) => {
    const made = await admin('POST', '/urls', { json: { original_url: 'https://example.com/a' } })
    t.equal(made.status, 201)
    for (const path of [`/${made.json.short_code}`, `/s/${made.json.short_code}`])
      t.equal((await request('GET', path)).status, 302, path)
    for (const path of ['/health', '/health/ready', '/openapi.json', '/metrics'])
      t.equal((await request('GET', path)).status, 200, path)
    for (const [method, path] of [
      ['GET', '/urls'],
      ['POST', '/urls'],
      ['GET', '/keys'],
      ['POST', '/users/bulk'],
      ['GET', '/stats']
    ] as const) {
      const answer = await request(method, path)
      t.match(answer, { status: 401, json: { code: 'CREDENTIALS_MISSING' } }, `${method} ${path}`)
    }
  })

  t.test('a key is shown once, and no answer holds its hash', async (t) => {
    const made = await issue(admin, { name: 'reader', role: 'read-only' })
    t.match(made.key, /^fl_[0-9a-f]{16}_[\w-]{43}$/)
    t.equal(made.key.split('_')[1], made.id)
    const list = await admin('GET', '/keys')
    t.equal(list.status, 200)
    t.notMatch(list.text, made.key.slice(20))
    t.notMatch(list.text, /hash|secret/)
    const shown = list.json.find((one: { id: string }) => one.id === made.id)
    t.match(shown, { name: 'reader', role: 'read-only', revoked_at: null, last_used_at: null })
    t.equal((await as(running, made.key)('GET', '/urls')).status, 200)
    t.equal((await request('GET', '/urls', { headers: { 'x-api-key': made.key } })).status, 200)
    t.match((await as(running, made.key)('POST', '/urls', { json: {} })).json, { code: 'SCOPE_MISSING' })
  })

  t.test('every invalid key gets the same response', async (t) => {
    const { key } = await issue(admin, { role: 'read-only' })
    const last = key.at(-1) === 'A' ? 'B' : 'A'
    const bad = [
      key.slice(0, -1),
      key.slice(0, -1) + last,
      `${key}A`,
      key.toUpperCase(),
      formatKey(createKeyParts()),
      formatKey(createKeyParts(key.split('_')[1])),
      'fl_',
      'x',
      ''
    ]
    const details = new Set<string>()
    for (const one of bad) {
      const answer = await as(running, one)('GET', '/urls')
      t.match(answer, { status: 401, json: { code: 'CREDENTIALS_INVALID' } }, one)
      details.add(answer.json.detail)
    }
    t.equal(details.size, 1)
    t.equal((await request('GET', '/urls', { headers: { authorization: 'Basic YTpi' } })).status, 401)
  })

  t.test('a revoked key is refused at once, a rotated one has a new secret', async (t) => {
    const made = await issue(admin, { role: 'admin' })
    const bearer = as(running, made.key)
    t.equal((await bearer('GET', '/urls')).status, 200)
    const rotated = await admin('POST', `/keys/${made.id}/rotate`)
    t.match(rotated, { status: 200, json: { id: made.id, name: 'a key' } })
    t.equal(rotated.headers.get('cache-control'), 'no-store')
    t.equal((await bearer('GET', '/urls')).status, 401)
    const renewed = as(running, rotated.json.key)
    t.equal((await renewed('GET', '/urls')).status, 200)
    t.equal((await admin('DELETE', `/keys/${made.id}`)).status, 204)
    t.equal((await renewed('GET', '/urls')).status, 401)
    t.equal((await admin('DELETE', `/keys/${made.id}`)).status, 204, 'twice is fine')
    t.match(await admin('POST', `/keys/${made.id}/rotate`), { status: 409, json: { code: 'KEY_REVOKED' } })
    const log = (await admin('GET', `/audit?resource=key&resource_id=${made.id}`)).json
    t.same(
      log.map(({ action }: { action: string }) => action),
      ['revoked', 'rotated', 'created']
    )
    t.match(log[0].actor, { kind: 'key', key_id: ADMIN.split('_')[1], name: 'ADMIN_KEY' })
    t.notMatch(JSON.stringify(log), made.key.slice(20), 'nor does the log hold it')
    for (const id of ['0123456789abcdef', '1', 'x']) {
      t.equal((await admin('DELETE', `/keys/${id}`)).status, 404, id)
      t.equal((await admin('POST', `/keys/${id}/rotate`)).status, 404, id)
    }
  })

  t.test('an invalid draft is rejected', async (t) => {
    for (const [draft, status] of [
      [{ role: 'member' }, 422],
      [{ role: 'read-only', scopes: ['urls:write'] }, 422],
      [{ role: 'owner' }, 422],
      [{ role: 'admin', scopes: ['everything'] }, 422],
      [{ role: 'admin', expires_at: '2020-01-01T00:00:00' }, 422],
      [{ role: 'admin', expires_at: 'soon' }, 422],
      [{ role: 'admin', name: '' }, 422],
      [{ role: 'member', user_id: 999_999 }, 404]
    ] as const) {
      const answer = await admin('POST', '/keys', { json: { name: 'a key', ...draft } })
      t.equal(answer.status, status, JSON.stringify(draft))
    }
  })

  t.test('no key grants more than it has', async (t) => {
    const strong = await issue(admin, { role: 'admin' })
    const { key } = await issue(admin, { role: 'admin', scopes: ['keys:admin', 'urls:read'] })
    const small = as(running, key)
    const draft = (scopes?: string[]) => ({
      json: { name: 'more', role: 'admin', ...(scopes && { scopes }) }
    })
    t.equal((await small('POST', '/keys', draft())).status, 403)
    t.equal((await small('POST', '/keys', draft(['urls:write']))).status, 403)
    t.equal((await small('POST', '/keys', draft(['urls:read']))).status, 201)
    t.equal((await small('POST', `/keys/${strong.id}/rotate`)).status, 403, 'nor takes a stronger key over')
    t.equal((await as(running, strong.key)('GET', '/users')).status, 200)
  })

  t.test('deleting a user revokes its keys', async (t) => {
    const user = await admin('POST', '/users', { json: { username: 'gone', email: 'gone@example.com' } })
    const made = await issue(admin, { role: 'member', user_id: user.json.id })
    const bearer = as(running, made.key)
    t.equal((await bearer('GET', '/urls')).status, 200)
    t.equal((await admin('DELETE', `/users/${user.json.id}`)).status, 204)
    t.equal((await bearer('GET', '/urls')).status, 401)
    const [shown] = (await admin('GET', '/keys')).json.filter((one: { id: string }) => one.id === made.id)
    t.match(shown, { user_id: null, revoked_at: /^\d{4}-/ })
  })

  t.test(
    'the last use outlives a restart, and so does the end of a key that the settings name',
    async (t) => {
      const made = await issue(admin, { role: 'admin' })
      t.equal((await as(running, made.key)('GET', '/urls')).status, 200)
      const rotated = await admin('POST', `/keys/${ADMIN.split('_')[1]}/rotate`)
      t.equal(rotated.status, 200)
      await app.close()
      const again = await start(t, storage)
      t.equal((await again.admin('GET', '/keys')).status, 401, 'what was ended does not come back')
      const { json } = await as(again, rotated.json.key)('GET', '/keys')
      const shown = json.find((one: { id: string }) => one.id === made.id)
      t.match(shown, { last_used_at: /^\d{4}-/ })
      t.equal(json.filter((one: { name: string }) => one.name === 'ADMIN_KEY').length, 1, 'not made again')
    }
  )

  if (profile === 'redis')
    t.test('a key revoked at one replica is refused by the others', async (t) => {
      const storage = await storageOf(t, profile)
      const [one, two] = [await start(t, storage), await start(t, storage)]
      const made = await issue(one.admin, { role: 'read-only' })
      const there = as(two, made.key)
      t.equal((await there('GET', '/urls')).status, 200)
      t.equal((await one.admin('DELETE', `/keys/${made.id}`)).status, 204)
      let status = 200
      // Pub/sub takes a moment; the timeout of the test limits the wait.
      while (status === 200) status = (await there('GET', '/urls')).status
      t.equal(status, 401)
    })
})
