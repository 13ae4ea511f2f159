import t from 'tap'
import { scopesOf } from '#platform/access/caller.ts'
import type { Scope } from '#schema/shapes/key.ts'
import type { ActiveSession } from '#schema/shapes/session.ts'
import type { UrlHistoryEntry } from '#schema/shapes/url-history.ts'
import { startApp } from '#testing/app.ts'
import { createKeyParts, formatKey } from './secret.ts'

/**
 * The data that a caller reaches, by key or session. The tests enumerate all routes, so that they cover new
 * ones.
 */

const ADMIN = formatKey(createKeyParts())
const { request, app } = await startApp(t, { env: { AUTH: 'keys', ADMIN_KEY: ADMIN, RATE_LIMIT: 'off' } })

const as =
  (key: string | null) =>
  (method: string, path: string, json?: unknown, headers: Record<string, string> = {}) =>
    request(method, path, {
      ...(json !== undefined && { json }),
      headers: { ...headers, ...(key !== null && { authorization: `Bearer ${key}` }) }
    })
const admin = as(ADMIN)

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
async function make(path: string, json: unknown): Promise<any> {
  const answer = await admin('POST', path, json)
  if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${answer.text}`)
  return answer.json
}

let count = 0
const person = () => ({ username: `user${++count}`, email: `user${count}@example.com` })
const makeUser = async () => (await make('/users', person())).id as number
const makeUrl = async (user_id: number) =>
  (await make('/urls', { original_url: 'https://example.com', user_id })).id as number
const nextTag = () => `tag${++count}`
const makeTag = async () => (await make('/api/tags', { name: nextTag() })).name as string
const makeKey = async (draft: object) => (await make('/keys', { name: 'a key', ...draft })).key as string

const me = await makeUser()
const other = await makeUser()

const callers = {
  anonymous: { key: null, role: null },
  'read-only': { key: await makeKey({ role: 'read-only', user_id: me }), role: 'read-only' },
  member: { key: await makeKey({ role: 'member', user_id: me }), role: 'member' },
  admin: { key: await makeKey({ role: 'admin' }), role: 'admin' },
  'member, signed in': {
    key: await makeKey({ role: 'member', user_id: me }),
    role: 'member',
    isSignedIn: true
  },
  'admin, signed in': { key: await makeKey({ role: 'admin' }), role: 'admin', isSignedIn: true }
} as const

/** Sends requests of a page with the session that `key` began. */
async function signIn(key: string) {
  const { status, headers } = await request('POST', '/session', { json: { key } })
  t.equal(status, 201)
  const cookie = headers.get('set-cookie')?.split(';', 1)[0] ?? ''
  return (method: string, path: string, json?: unknown) =>
    as(null)(method, path, json, { cookie, 'sec-fetch-site': 'same-origin' })
}

interface Ask {
  path: string
  json?: unknown
  /** Whether the request is about a resource of the owner. */
  isOwned: boolean
  /** Whether only callers that see everything may send it. */
  isWhole?: boolean
}

/** A valid request for each route, about a resource of `owner` where the route has one, or of `key`. */
const ASKS: Record<string, (owner: number, key: string | null) => Promise<Ask>> = {
  'GET /users/:id': async (owner) => ({ path: `/users/${owner}`, isOwned: true }),
  'PUT /users/:id': async (owner) => ({ path: `/users/${owner}`, json: person(), isOwned: true }),
  'DELETE /users/:id': async (owner) => ({ path: `/users/${owner}`, isOwned: true }),
  'POST /users/:id/erasure': async (owner) => ({ path: `/users/${owner}/erasure`, isOwned: true }),
  'GET /users/:id/export': async (owner) => ({ path: `/users/${owner}/export`, isOwned: true }),
  'POST /users': async () => ({ path: '/users', json: person(), isOwned: false }),
  'GET /urls/:id': async (owner) => ({ path: `/urls/${await makeUrl(owner)}`, isOwned: true }),
  'PUT /urls/:id': async (owner) => ({
    path: `/urls/${await makeUrl(owner)}`,
    json: { title: 'changed' },
    isOwned: true
  }),
  'PATCH /urls/:id': async (owner) => ({
    path: `/urls/${await makeUrl(owner)}`,
    json: { title: 'changed' },
    isOwned: true
  }),
  'POST /urls/:id/restore': async (owner) => {
    const id = await makeUrl(owner)
    await admin('DELETE', `/urls/${id}`)
    return { path: `/urls/${id}/restore`, isOwned: true }
  },
  'GET /urls/:id/history': async (owner) => ({
    path: `/urls/${await makeUrl(owner)}/history`,
    isOwned: true
  }),
  'DELETE /urls/:id': async (owner) => ({ path: `/urls/${await makeUrl(owner)}`, isOwned: true }),
  'PATCH /api/links/bulk': async (owner) => ({
    path: '/api/links/bulk',
    json: { items: [{ id: await makeUrl(owner), title: 'changed' }] },
    isOwned: false
  }),
  'DELETE /api/links/bulk': async (owner) => ({
    path: '/api/links/bulk',
    json: { items: [{ id: await makeUrl(owner) }] },
    isOwned: false
  }),
  'GET /urls/:id/stats': async (owner) => ({ path: `/urls/${await makeUrl(owner)}/stats`, isOwned: true }),
  'POST /urls': async (owner) => ({
    path: '/urls',
    json: { original_url: 'https://example.com', user_id: owner },
    isOwned: true
  }),
  'POST /shorten': async () => ({ path: '/shorten', json: { url: 'https://example.com' }, isOwned: false }),
  'GET /events/:id': async (owner) => {
    const { id } = await make('/events', { url_id: await makeUrl(owner), event_type: 'note' })
    return { path: `/events/${id}`, isOwned: true }
  },
  'POST /events': async (owner) => ({
    path: '/events',
    json: { url_id: await makeUrl(owner), event_type: 'note' },
    isOwned: true
  }),
  'POST /keys': async () => ({ path: '/keys', json: { name: 'made', role: 'read-only' }, isOwned: false }),
  'DELETE /keys/:id': async () => ({ path: `/keys/${await keyId()}`, isOwned: false }),
  'POST /keys/:id/rotate': async () => ({ path: `/keys/${await keyId()}/rotate`, isOwned: false }),
  'DELETE /session': async () => ({ path: '/session', isOwned: false }),
  'DELETE /api/sessions': async () => ({ path: '/api/sessions', isOwned: false }),
  // A session belongs to the key that began it.
  'DELETE /api/sessions/:id': async (owner, key) => {
    const isOwn = owner === me && key !== null
    const page = await signIn(isOwn ? key : await makeKey({ role: 'member', user_id: owner }))
    const { json: sessions } = await page('GET', '/api/sessions')
    const current = sessions.find(({ is_current }: ActiveSession) => is_current)
    return { path: `/api/sessions/${current.id}`, isOwned: true }
  },
  'POST /blocked-hosts': async () => ({
    path: '/blocked-hosts',
    json: { host: 'evil.example' },
    isOwned: false
  }),
  'DELETE /blocked-hosts/:host': async () => {
    await make('/blocked-hosts', { host: 'other.example' })
    return { path: '/blocked-hosts/other.example', isOwned: false }
  },
  'POST /api/tags': async () => ({ path: '/api/tags', json: { name: nextTag() }, isOwned: false }),
  'PATCH /api/tags/:name': async () => ({
    path: `/api/tags/${await makeTag()}`,
    json: { color: '#123456' },
    isOwned: false
  }),
  'POST /api/tags/:name/merge': async () => ({
    path: `/api/tags/${await makeTag()}/merge`,
    json: { into: await makeTag() },
    isOwned: false
  }),
  'DELETE /api/tags/:name': async () => ({ path: `/api/tags/${await makeTag()}`, isOwned: false }),
  'GET /users/bulk': async () => ({ path: '/users/bulk', isOwned: false, isWhole: true }),
  'GET /urls/bulk': async () => ({ path: '/urls/bulk', isOwned: false, isWhole: true }),
  'GET /events/bulk': async () => ({ path: '/events/bulk', isOwned: false, isWhole: true }),
  'POST /users/bulk': async () => ({ path: '/users/bulk', json: [], isOwned: false }),
  'POST /urls/bulk': async () => ({ path: '/urls/bulk', json: [], isOwned: false }),
  'POST /events/bulk': async () => ({ path: '/events/bulk', json: [], isOwned: false }),
  'POST /sets/bulk': async () => ({ path: '/sets/bulk', json: {}, isOwned: false })
}

const keyId = async () => (await makeKey({ role: 'read-only' })).slice(3, 19)

const routes = app.access.routes().filter(({ requirement }) => requirement !== 'public')

t.test('each route, for each role, on its own and on another’s thing', async (t) => {
  t.ok(routes.length >= 25, `${routes.length} routes`)
  const faults: string[] = []
  for (const { method, url, requirement } of routes) {
    const name = `${method === 'HEAD' ? 'GET' : method} ${url.replace(/(.)\/$/, '$1')}`
    const ask = ASKS[name] ?? (async (): Promise<Ask> => ({ path: url, isOwned: false }))
    if (/[:*]/.test(url) || !/^GET/.test(name)) t.ok(name in ASKS, `${name} is known here`)
    for (const [who, { key, role, ...caller }] of Object.entries(callers)) {
      const isSignedIn = 'isSignedIn' in caller
      // The requests of an administrator must not revoke the keys of this test.
      const owners = role === 'admin' ? [await makeUser()] : role === null ? [other] : [me, other]
      for (const owner of owners) {
        const { path, json, isOwned, isWhole } = await ask(owner, key)
        const send = isSignedIn ? await signIn(key ?? '') : as(key)
        const { status } = await send(method, path, json)
        const isMissing = requirement !== 'signed-in' && !scopesOf(role ?? 'member').has(requirement as Scope)
        const isGood =
          role === null
            ? status === 401
            : isMissing || (isWhole && role !== 'admin')
              ? status === 403
              : isOwned && owner === other
                ? status === 404
                : status >= 200 && status < 300
        if (!isGood) faults.push(`${method} ${url} by ${who}, user ${owner}: ${status}`)
      }
    }
  }
  t.same(faults, [])
})

t.test('lists and statistics hold only what the caller may see, for any query', async (t) => {
  const [mine, theirs] = [await makeUrl(me), await makeUrl(other)]
  for (const url_id of [mine, theirs, theirs]) await make('/events', { url_id, event_type: 'click' })
  for (const { key } of [callers.member, callers['read-only']]) {
    const get = async (path: string) => (await as(key)('GET', path)).json
    const owners = (rows: { user_id: number }[]) => [...new Set(rows.map(({ user_id }) => user_id))]
    t.same(owners(await get('/urls')), [me])
    t.same(await get(`/urls?user_id=${other}`), [])
    t.same(await get(`/events?url_id=${theirs}`), [])
    for (const sort of ['-created_at', 'expires_at', 'title', '-id'])
      t.same(owners(await get(`/urls?sort=${sort}&count=true&q=example`)), [me], sort)
    t.same(await get(`/urls?sort=id&user_id=${other}`), [])
    t.same(await get(`/events?sort=id&url_id=${theirs}`), [])
    const sorted = await as(key)('GET', '/users?sort=-email&count=true')
    t.same(
      [sorted.json.map(({ id }: { id: number }) => id), sorted.headers.get('x-total-count')],
      [[me], '1']
    )
    t.equal((await get(`/events?url_id=${mine}&event_type=click`)).length, 1)
    const users = await as(key)('GET', '/users')
    t.same([users.json.length, users.json[0].id, users.headers.get('x-total-count')], [1, me, '1'])
    const stats = await get('/stats')
    t.match(stats, { clicks: 1, users: 1 })
    t.same(
      stats.top.map(({ url_id }: { url_id: number }) => url_id),
      [mine]
    )
  }
  t.match((await admin('GET', '/stats')).json, { clicks: 3 })
})

t.test('the owner of a link reads its history, without other authors, also after its deletion', async (t) => {
  const id = await makeUrl(me)
  const member = as(callers.member.key)
  await member('PATCH', `/urls/${id}`, { title: 'mine' })
  await admin('DELETE', `/urls/${id}`)
  const authors = async (ask: typeof member) =>
    (await ask('GET', `/urls/${id}/history`)).json.map(({ action, actor }: UrlHistoryEntry) => [
      action,
      actor.kind,
      actor.user_id,
      actor.name !== null
    ])
  t.same(await authors(member), [
    ['deleted', 'key', null, false],
    ['updated', 'key', me, true],
    ['created', 'key', null, false]
  ])
  t.same(await authors(admin), [
    ['deleted', 'key', null, true],
    ['updated', 'key', me, true],
    ['created', 'key', null, true]
  ])
})

t.test('in bulk, the urls of others are unknown, and own ones are changed', async (t) => {
  const member = as(callers.member.key)
  const [mine, theirs] = [await makeUrl(me), await makeUrl(other)]
  const items = [{ id: theirs }, { id: mine }]
  const changes = items.map((item) => ({ ...item, title: 'changed' }))
  const changed = await member('PATCH', '/api/links/bulk', { items: changes })
  t.match(changed.json.results, [{ status: 404, problem: { code: 'URL_UNKNOWN' } }, { status: 200 }])
  const removed = await member('DELETE', '/api/links/bulk', { items })
  t.match(removed.json.results, [{ status: 404, problem: { code: 'URL_UNKNOWN' } }, { status: 204 }])
  t.match((await admin('GET', `/urls/${theirs}`)).json, { title: null })
  const [entry] = (await admin('GET', `/audit?resource=url&resource_id=${mine}`)).json
  t.match(entry, { action: 'deleted', actor: { kind: 'key', user_id: me } })
})

t.test('a member owns what it creates, and cannot create for other users', async (t) => {
  const member = as(callers.member.key)
  const url = await member('POST', '/urls', { original_url: 'https://example.com' })
  t.match(url, { status: 201, json: { user_id: me } })
  const short = await member('POST', '/shorten', { url: 'https://example.com' })
  const [made] = (await admin('GET', `/urls?q=${short.json.short_code}`)).json
  t.equal(made.user_id, me)
  const event = await member('POST', '/events', { url_id: url.json.id, event_type: 'note' })
  t.match(event, { status: 201, json: { user_id: me } })
  const foreign = { url_id: url.json.id, event_type: 'note', user_id: other }
  t.equal((await member('POST', '/events', foreign)).status, 404)
})

t.test('a read-only key without a user sees everything', async (t) => {
  const watcher = as(await makeKey({ role: 'read-only', scopes: ['urls:read'] }))
  const [mine, theirs] = [await makeUrl(me), await makeUrl(other)]
  for (const id of [mine, theirs]) t.equal((await watcher('GET', `/urls/${id}`)).status, 200)
  t.equal((await watcher('GET', '/stats')).status, 403, 'within its scopes')
})
