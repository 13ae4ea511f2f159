import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { type Answer, type Running, startApp } from '#testing/app.ts'
import { startProvider } from '#testing/oidc-provider.ts'

/** Sign-ins at a real provider, step by step as a browser does them, and tampering with each step. */

const ADMIN = `fl_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('base64url')}`
const PUBLIC_URL = 'https://sho.rt'
const CLIENT = { client_id: 'fairlead', client_secret: 'a secret of some length' }
const ENV = {
  AUTH: 'keys',
  ADMIN_KEY: ADMIN,
  RATE_LIMIT: 'off',
  PUBLIC_URL,
  OIDC_CLIENT_ID: CLIENT.client_id,
  OIDC_CLIENT_SECRET: CLIENT.client_secret,
  OIDC_SCOPES: 'openid email roles',
  OIDC_ADMINS: 'root@example.com'
}

/** The users of the provider, by account. */
const PEOPLE: Record<string, object> = {
  ada: { email: 'Ada@example.com', email_verified: true },
  root: { email: 'root@example.com', email_verified: true },
  reader: { email: 'reader@example.com', email_verified: true, roles: ['other', 'read-only'] },
  stranger: { email: 'stranger@example.com', email_verified: true },
  impostor: { email: 'ada@example.com', email_verified: false },
  nameless: {},
  kim: { email: 'KIM@example.com', email_verified: true },
  // Unicode's case mapping turns each of these into kim@example.com or a lookalike.
  kelvin: { email: '\u212aim@example.com', email_verified: true },
  dotless: { email: 'k\u0131m@example.com', email_verified: true },
  dotted: { email: 'k\u0130m@example.com', email_verified: true },
  fullwidth: { email: '\uff4bim@example.com', email_verified: true },
  cyrillic: { email: 'k\u0456m@example.com', email_verified: true },
  invisible: { email: 'kim\u200b@example.com', email_verified: true },
  spaced: { email: 'kim@example.com ', email_verified: true }
}

/** `name=value` of each cookie that a response sets. */
const cookiesOf = ({ headers }: Pick<Answer, 'headers'>) =>
  headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0] ?? '')

interface Trip {
  /** Path and query to which the provider redirected the browser. */
  back: URL
  /** The browser's cookies. */
  cookie: string
}

const redirectUris = ['', '/l'].map((path) => `${PUBLIC_URL}${path}/session/oidc/callback`)
const AT_PROVIDER = { client: CLIENT, redirectUris, people: PEOPLE }
const provider = await startProvider(t, AT_PROVIDER)

async function context(t: Test, env: Record<string, string> = {}) {
  const log: string[] = []
  const logger = { level: 'warn', stream: { write: (line: string) => void log.push(line) } }
  const running = await startApp(t, { env: { ...ENV, OIDC_ISSUER: provider.issuer, ...env }, logger })
  const { request } = running
  const admin = (method: string, path: string, json?: unknown) =>
    request(method, path, { ...(json !== undefined && { json }), headers: { 'x-api-key': ADMIN } })
  const invite = async (username: string) =>
    (await admin('POST', '/users', { username, email: `${username}@example.com` })).json.id as number

  /** Signs in at the provider as `account`; `change` may modify the browser's callback request. */
  async function visit(account: string | null, change = (_: URL) => {}, query = ''): Promise<Trip> {
    provider.state.account = account
    const begun = await request('GET', `/session/oidc${query}`)
    t.equal(begun.status, 302, begun.text)
    let place = new URL(begun.headers.get('location') ?? '')
    change(place)
    const jar = new Map<string, string>()
    while (place.origin === provider.issuer) {
      const headers = { cookie: [...jar].map((pair) => pair.join('=')).join('; ') }
      const answer = await fetch(place, { redirect: 'manual', headers })
      for (const cookie of cookiesOf(answer)) jar.set(...(cookie.split(/=(.*)/s, 2) as [string, string]))
      const next = answer.headers.get('location')
      if (next === null) throw new Error(`${answer.status} ${await answer.text()}`)
      place = new URL(next, place)
    }
    t.equal(place.origin, PUBLIC_URL)
    return { back: place, cookie: cookiesOf(begun).join('; ') }
  }

  const redeem = ({ back, cookie }: Trip) =>
    request('GET', back.pathname.replace(/^\/l\//, '/') + back.search, { headers: { cookie } })
  const signIn = async (account: string | null, change?: (place: URL) => void) =>
    redeem(await visit(account, change))
  return { ...running, log, admin, invite, visit, redeem, signIn }
}

const sessionOf = (answer: Answer) =>
  cookiesOf(answer).find((cookie) => cookie.startsWith('__Host-fairlead_session='))

const page =
  ({ request }: Running, cookie = '') =>
  (method: string, path: string) =>
    request(method, path, { headers: { cookie, 'sec-fetch-site': 'same-origin' } })

function isRefused(t: Test, answer: Answer, status: number, code: string, name: string) {
  t.match(answer, { status, json: { status, code } }, name)
  t.equal(sessionOf(answer), undefined, `${name}: no session`)
}

const running = await context(t)
const { log, invite, visit, redeem, signIn, admin, request } = running

t.test('a verified address of a user begins a session of that user', async (t) => {
  const id = await invite('ada')
  const trip = await visit(
    'ada',
    (place) => {
      t.match(Object.fromEntries(place.searchParams), {
        response_type: 'code',
        code_challenge_method: 'S256',
        redirect_uri: `${PUBLIC_URL}/session/oidc/callback`,
        scope: 'openid email roles',
        state: /^[\w-]{43}$/,
        nonce: /^[\w-]{43}$/
      })
    },
    '?return_to=%2Fdocs%3Fa%3D1%23b'
  )
  t.match(trip.cookie, /^__Host-fairlead_sign_in=/)
  const answer = await redeem(trip)
  t.equal(answer.status, 302)
  t.equal(answer.headers.get('location'), '/docs?a=1#b')
  t.ok(cookiesOf(answer).includes('__Host-fairlead_sign_in='), 'what was kept meanwhile is gone')
  const ask = page(running, sessionOf(answer))
  t.match((await ask('GET', '/session')).json, {
    kind: 'session',
    name: 'ada',
    role: 'member',
    user_id: id,
    key_id: null
  })
  t.same(
    (await ask('GET', '/users')).json.map((user: { id: number }) => user.id),
    [id]
  )
  t.equal((await ask('GET', '/keys')).status, 403)
  t.match((await admin('GET', '/audit?resource=session')).json, [
    { action: 'signed-in', actor: { kind: 'session', user_id: id, name: 'ada' } }
  ])
  t.equal((await admin('DELETE', `/users/${id}`)).status, 204)
  t.equal((await ask('GET', '/session')).status, 401, 'the session ends with the user')
})

t.test('tampering with any step of a sign-in fails it', async (t) => {
  await invite('ada')
  const changed = (change: (trip: Trip) => Partial<Trip>) => async () => {
    const trip = await visit('ada')
    return redeem({ ...trip, ...change(trip) })
  }
  const withQuery = (name: string, value: string | null) =>
    changed(({ back }) => {
      const other = new URL(back)
      if (value === null) other.searchParams.delete(name)
      else other.searchParams.set(name, value)
      return { back: other }
    })
  /** Each with the logged reason, which the response omits; null if the provider gets no request. */
  const attacks: Record<string, [reason: string | null, attack: () => Promise<Answer>]> = {
    'another state': ['unexpected \\"state\\"', withQuery('state', 'x')],
    'no state': ['\\"state\\" missing', withQuery('state', null)],
    'another code': ['invalid_grant', withQuery('code', 'x')],
    'no code': ['no authorization code', withQuery('code', null)],
    'another issuer': ['unexpected \\"iss\\"', withQuery('iss', 'https://evil.example')],
    'another nonce': [
      'unexpected ID Token \\"nonce\\"',
      () => signIn('ada', (place) => place.searchParams.set('nonce', 'x'))
    ],
    'another PKCE challenge': [
      'invalid_grant',
      () => signIn('ada', (place) => place.searchParams.set('code_challenge', 'x'.repeat(43)))
    ],
    'the cookie of another browser': [
      'unexpected \\"state\\"',
      async () => {
        const { cookie } = await visit('ada')
        return redeem({ ...(await visit('ada')), cookie })
      }
    ],
    'a user that declines': ['access_denied', () => signIn(null)],
    'no cookie': [null, changed(() => ({ cookie: '' }))],
    'a cookie that was changed': [null, changed(({ cookie }) => ({ cookie: cookie.replace(/=./, '=_') }))],
    'the cookie without its prefix': [
      null,
      changed(({ cookie }) => ({ cookie: cookie.replace('__Host-', '') }))
    ]
  }
  for (const [name, [reason, attack]] of Object.entries(attacks)) {
    log.length = 0
    isRefused(t, await attack(), 401, 'SIGN_IN_FAILED', name)
    t.equal(log.length, reason === null ? 0 : 1, name)
    t.ok(log.join('').includes(reason ?? ''), `${name}: ${log}`)
    t.notMatch(log.join(''), /code=|eyJ|secret/, 'neither codes nor tokens are logged')
  }

  const trip = await visit('ada')
  t.equal((await redeem(trip)).status, 302)
  isRefused(t, await redeem(trip), 401, 'SIGN_IN_FAILED', 'a code that was used')
})

t.test('a sign-in that fails is a page for people', async (t) => {
  const { request } = await context(t)
  const path = '/session/oidc/callback?code=x&state=y'
  const page = await request('GET', path, { headers: { accept: 'text/html,*/*;q=0.8' } })
  t.equal(page.status, 401)
  t.match(page.headers.get('content-type'), /^text\/html/)
  t.match(page.text, /<h1>/)
  isRefused(t, await request('GET', path), 401, 'SIGN_IN_FAILED', 'programs get a problem')
})

t.test('an unverified or unknown address is rejected', async (t) => {
  for (const account of ['impostor', 'nameless', 'stranger'])
    isRefused(t, await signIn(account), 403, 'SIGN_IN_REFUSED', account)
})

t.test('an address that folds to another, or looks like it, is rejected', async (t) => {
  const running = await context(t, { OIDC_ADMINS: 'kim@example.com' })
  await running.invite('kim')
  // As an import of another system may store them.
  const duplicates = Object.values(PEOPLE).flatMap((person) =>
    'email' in person ? [String(person.email)] : []
  )
  const body = ['id,username,email,created_at']
    .concat(duplicates.map((email, at) => `${900 + at},twin${at},${email},2025-01-01 00:00:00`))
    .join('\n')
  const headers = { 'content-type': 'text/csv', 'x-api-key': ADMIN }
  t.equal((await running.request('POST', '/users/bulk', { body, headers })).status, 201)
  for (const account of ['kelvin', 'dotless', 'dotted', 'fullwidth', 'cyrillic', 'invisible', 'spaced'])
    isRefused(t, await running.signIn(account), 403, 'SIGN_IN_REFUSED', account)
  const ask = page(running, sessionOf(await running.signIn('kim')))
  t.match((await ask('GET', '/session')).json, { role: 'admin', name: 'kim' })
})

t.test('roles come from the list of administrators, or from a claim', async (t) => {
  const running = await context(t, { OIDC_ROLE_CLAIM: 'roles' })
  const { invite, signIn } = running
  for (const name of ['root', 'reader', 'ada']) await invite(name)
  for (const [account, role] of [
    ['root', 'admin'],
    ['reader', 'read-only']
  ] as const) {
    const ask = page(running, sessionOf(await signIn(account)))
    t.equal((await ask('GET', '/session')).json.role, role)
  }
  isRefused(t, await signIn('ada'), 403, 'SIGN_IN_REFUSED', 'no role')
})

t.test('a sign-in returns to the path of PUBLIC_URL, which a proxy strips', async (t) => {
  const { invite, visit, redeem } = await context(t, { PUBLIC_URL: `${PUBLIC_URL}/l` })
  await invite('ada')
  const answer = await redeem(await visit('ada', undefined, '?return_to=/docs'))
  t.equal(answer.headers.get('location'), '/l/docs')
})

t.test('a sign-in redirects to pages of this server only', async (t) => {
  for (const path of [
    '//evil.example',
    'https://evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'docs',
    '/日本',
    '/abc',
    '/s/abc',
    '/docs/../abc'
  ]) {
    const answer = await request('GET', `/session/oidc?return_to=${encodeURIComponent(path)}`)
    t.match(answer, { status: 422, json: { code: 'INPUT_INVALID' } }, path)
    t.equal(answer.headers.get('location'), null)
  }
  t.equal((await request('HEAD', '/session/oidc/callback')).status, 405)
})

t.test('the server starts without the provider, and finds it once it is up', async (t) => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  const env = { ...ENV, OIDC_ISSUER: `http://127.0.0.1:${port}` }
  const { request } = await startApp(t, { env })
  const away = await request('GET', '/session/oidc')
  t.match(away, { status: 503, json: { code: 'PROVIDER_UNAVAILABLE' } })
  t.equal(away.headers.get('retry-after'), '10')
  await startProvider(t, { ...AT_PROVIDER, port })
  t.equal((await request('GET', '/session/oidc')).status, 302)
})
