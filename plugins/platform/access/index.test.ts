import fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import errors from '#platform/http/errors.ts'
import { SCOPES } from '#schema/shapes/key.ts'
import { type Caller, OPEN, ownerFilterOf, PUBLIC, SYSTEM, scopesOf } from './caller.ts'
import { credentialsInvalid } from './errors.ts'
import access from './index.ts'

/** Authentication and authorization on an app with a few test routes. */

async function build(t: Test, mode: 'open' | 'keys', routes: (app: FastifyInstance) => void) {
  const app = fastify()
  t.teardown(() => app.close())
  await app.register(access, { mode })
  await app.register(errors)
  app.addHook('onRequest', app.access.authenticate)
  routes(app)
  return app
}

const member: Caller = {
  kind: 'key',
  keyId: 'k1',
  userId: 7,
  name: 'Ada',
  role: 'member',
  scopes: scopesOf('member', ['urls:read'])
}

/** Authenticates `Bearer good` at once and `Bearer later` by a promise; refuses `Bearer bad`. */
function recogniseWords(app: FastifyInstance) {
  app.access.authenticateBy(({ headers: { authorization } }) => {
    if (authorization === 'Bearer good') return member
    if (authorization === 'Bearer later') return Promise.resolve(member)
    if (authorization === 'Bearer bad') throw credentialsInvalid()
    if (authorization === 'Bearer bad later') return Promise.reject(credentialsInvalid())
    return authorization === 'Bearer none later' ? Promise.resolve(null) : null
  })
  app.access.authenticateBy(({ headers: { cookie } }) => (cookie === 'good' ? member : null))
}

function addRoutes(app: FastifyInstance) {
  recogniseWords(app)
  app.get('/public', { config: { access: 'public' } }, ({ caller }) => ({ kind: caller.kind }))
  app.get('/mine', { config: { access: 'signed-in' } }, ({ caller }) => ({ kind: caller.kind }))
  app.get('/urls', { config: { access: 'urls:read' } }, ({ caller }) => ({ user: caller.userId }))
  app.post('/urls', { config: { access: 'urls:write' } }, ({ caller }) => ({ user: caller.userId }))
}

t.test('the app does not start while a route lacks config.access', async (t) => {
  const app = await build(t, 'open', (app) => {
    app.get('/said', { config: { access: 'public' } }, () => 'x')
    app.get('/forgotten', () => 'x')
  })
  await t.rejects(async () => app.ready(), /config\.access.*GET \/forgotten/)
})

t.test('an open server checks no credentials and makes every caller an administrator', async (t) => {
  const app = await build(t, 'open', addRoutes)
  for (const authorization of ['', 'Bearer bad']) {
    const answer = await app.inject({ method: 'GET', url: '/mine', headers: { authorization } })
    t.same(answer.json(), { kind: 'open' })
    t.equal((await app.inject({ method: 'POST', url: '/urls', headers: { authorization } })).statusCode, 200)
  }
  t.same((await app.inject('/public')).json(), { kind: 'open' })
})

t.test('with keys, a caller is let in where its scopes reach', async (t) => {
  const app = await build(t, 'keys', addRoutes)
  const ask = (method: 'GET' | 'POST', url: string, headers: Record<string, string> = {}) =>
    app.inject({ method, url, headers })

  t.same((await ask('GET', '/public', { authorization: 'Bearer bad' })).json(), { kind: 'public' })
  for (const headers of [
    { authorization: 'Bearer good' },
    { authorization: 'Bearer later' },
    { cookie: 'good' }
  ])
    t.same((await ask('GET', '/urls', headers)).json(), { user: 7 })
  const both = { authorization: 'Bearer none later', cookie: 'good' }
  t.same((await ask('GET', '/mine', both)).json(), { kind: 'key' }, 'the next way is tried')

  const missing = await ask('GET', '/urls')
  t.match(missing, { statusCode: 401, headers: { 'www-authenticate': 'Bearer realm="Fairlead"' } })
  t.match(missing.json(), { code: 'CREDENTIALS_MISSING', status: 401 })
  for (const authorization of ['Bearer bad', 'Bearer bad later']) {
    const invalid = await ask('GET', '/urls', { authorization })
    t.match(invalid, { statusCode: 401, headers: { 'www-authenticate': /error="invalid_token"$/ } })
  }
  const forbidden = await ask('POST', '/urls', { authorization: 'Bearer good' })
  t.match(forbidden, {
    statusCode: 403,
    headers: { 'www-authenticate': /error="insufficient_scope", scope="urls:write"$/ }
  })
  t.match(forbidden.json(), { code: 'SCOPE_MISSING' })
})

t.test('a caller reaches everything, the things of its user, or nothing', async (t) => {
  t.equal(ownerFilterOf(OPEN), 'all')
  t.equal(ownerFilterOf(SYSTEM), 'all')
  t.equal(ownerFilterOf(member), 7)
  t.equal(ownerFilterOf({ ...member, role: 'read-only' }), 7)
  t.equal(ownerFilterOf({ ...member, role: 'read-only', userId: null }), 'all', 'a key for watching')
  t.equal(ownerFilterOf({ ...member, role: 'admin' }), 'all')
  for (const lost of [PUBLIC, { ...member, userId: null }, { ...PUBLIC, kind: 'session' as const }])
    t.equal(ownerFilterOf(lost), 0)
})

t.test('a role bounds the scopes of its keys', async (t) => {
  t.same([...scopesOf('admin')], SCOPES)
  t.same([...scopesOf('member', ['urls:write', 'keys:admin', 'nonsense'])], ['urls:write'])
  t.same(
    [...scopesOf('read-only')].filter((scope) => !scope.endsWith(':read')),
    []
  )
  t.same([...scopesOf('member', [])], [])
  t.equal(PUBLIC.scopes.size, 0)
})
