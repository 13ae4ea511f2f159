import { type AddressInfo, connect } from 'node:net'
import { setImmediate as tick } from 'node:timers/promises'
import { promisify } from 'node:util'
import fastify, { LogController } from 'fastify'
import fp from 'fastify-plugin'
import t, { type Test } from 'tap'
import access from '#platform/access/index.ts'
import cache from '#platform/cache/index.ts'
import errors from '#platform/http/errors.ts'
import requests from '#platform/http/request-log.ts'
import metrics from '#platform/observability/metrics.ts'
import type { Waiter } from '#platform/queue/batcher.ts'
import redis from '#platform/redis/index.ts'
import type { LinkTarget } from '#plugins/urls/contract.ts'
import { createClient } from '#testing/app.ts'
import { makeLinkTarget } from '#testing/make-link-target.ts'
import redirects from './index.ts'

type Click = Parameters<ReturnType<typeof fastify>['clicks']['add']>[0]

const UNLIMITED = { unknownCodes: null, passwords: null, linkPasswords: null }
const PAGES = {
  brand: { name: undefined, color: undefined, logo: undefined },
  hasLanding: false,
  isSecure: false,
  schemes: ['https']
}
const EMPTY = { blocks: () => false, onChange: () => undefined }

/** Starts the routes with the test's own links and click recorder. */
async function startRedirects(
  t: Test,
  options: {
    add?: () => Promise<void>
    honourOptOut?: boolean
    fastLane?: boolean
    trustProxy?: string[]
  } = {}
) {
  const links = new Map<string, Partial<LinkTarget>>()
  const clicks: Click[] = []
  const lookups: string[] = []
  const state = { isDown: false, lookup: Promise.resolve() }
  const lines: Record<string, unknown>[] = []
  const { honourOptOut = false, fastLane = true, trustProxy = [] } = options
  const app = fastify({
    trustProxy,
    logController: new LogController({ disableRequestLogging: true }),
    logger: { stream: { write: (line: string) => void lines.push(JSON.parse(line)) } },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2_048 }
  })
  await app.register(access, { mode: 'open' })
  await app.register(metrics)
  await app.register(requests, { trustProxy })
  await app.register(errors)
  await app.register(redis, {})
  await app.register(cache)
  const doubles = {
    clicks: {
      add(click: Click, waiter: Waiter) {
        clicks.push(click)
        if (options.add === undefined) waiter.onTaken()
        else
          options.add().then(
            () => waiter.onTaken(),
            (error) => waiter.onRefused(error)
          )
      }
    },
    refuseUnknown: () => undefined,
    origins: { refuseForeign: (_request: unknown, _reply: unknown, done: () => void) => done() },
    urls: {
      passwordSecret: async () => 'secret',
      codes: { keyOf: (code: string) => code },
      async findByKey(code: string) {
        lookups.push(code)
        if (state.isDown) throw new Error('the database is away')
        await state.lookup
        const link = links.get(code)
        if (link === undefined) return null
        return makeLinkTarget({ shortCode: code, ...link })
      }
    }
  }
  for (const [name, double] of Object.entries({ ...doubles, limits: UNLIMITED, blocklist: EMPTY })) {
    await app.register(fp(async (app) => void app.decorate<unknown>(name, double), { name }))
  }
  await app.register(redirects, { honourOptOut, fastLane, trustProxy, ...PAGES })
  app.get('/taken', { config: { access: 'public' } }, async () => 'a route of its own')
  t.teardown(() => app.close())
  const request = createClient(await app.listen({ port: 0, host: '127.0.0.1' }))
  return { app, links, clicks, lookups, state, lines, request }
}

t.test('every address of a code redirects to its url with an empty 302', async (t) => {
  const { links, clicks, request } = await startRedirects(t)
  links.set('oWCnNk', { originalUrl: 'https://acme.dev/café?q=%C3%A9#x' })
  const paths = ['/oWCnNk', '/oWCnNk/', '/s/oWCnNk', '/urls/oWCnNk/redirect', '/oWCnNk?utm_source=a']
  for (const path of paths) {
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, text } = await request(method, path)
      t.equal(status, 302, `${method} ${path}`)
      t.equal(headers.get('location'), 'https://acme.dev/caf%C3%A9?q=%C3%A9#x')
      t.equal(headers.get('cache-control'), 'private, no-cache')
      t.equal(text, '')
    }
  }
  t.equal(clicks.length, paths.length * 2)
})

t.test('a click records its visitor, referrer and link', async (t) => {
  const { links, clicks, request } = await startRedirects(t)
  links.set('a', {})
  await request('GET', '/a', { headers: { 'user-agent': 'test/1', referer: 'https://from.example/' } })
  await request('HEAD', '/a', { headers: { 'user-agent': 'test/2' } })
  const link = { urlId: 7, userId: 3, domain: '', shortCode: 'a', ip: '127.0.0.1' }
  t.same(clicks, [
    { ...link, method: 'GET', userAgent: 'test/1', referrer: 'https://from.example/' },
    { ...link, method: 'HEAD', userAgent: 'test/2', referrer: undefined }
  ])
})

t.test('a visitor who opts out of tracking counts without identifying data, if configured', async (t) => {
  const from = { 'user-agent': 'test/1', referer: 'https://from.example/' }
  const signals: Record<string, string>[] = [
    { dnt: '1' },
    { 'sec-gpc': '1' },
    { dnt: '0', 'sec-gpc': '?1' },
    {}
  ]
  for (const honourOptOut of [true, false]) {
    const { links, clicks, request } = await startRedirects(t, { honourOptOut })
    links.set('a', {})
    for (const signal of signals) await request('GET', '/a', { headers: { ...from, ...signal } })
    const link = { urlId: 7, userId: 3, domain: '', shortCode: 'a', method: 'GET' }
    const told = { ...link, ip: '127.0.0.1', userAgent: 'test/1', referrer: 'https://from.example/' }
    const untold = honourOptOut ? { ...link, ip: null, userAgent: undefined, referrer: undefined } : told
    t.same(clicks, [untold, untold, told, told])
  }
})

t.test('a visit keeps its name and address when the proxy disconnects during the lookup', async (t) => {
  const { app, links, clicks, lookups, state } = await startRedirects(t, { trustProxy: ['127.0.0.1'] })
  links.set('a', {})
  const lookup = Promise.withResolvers<void>()
  state.lookup = lookup.promise
  const { port } = app.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  const headers = 'Host: a\r\nX-Visit-Id: 1.2-3\r\nX-Forwarded-For: 203.0.113.8\r\n'
  socket.write(`GET /a HTTP/1.1\r\n${headers}\r\n`)
  while (lookups.length === 0) await tick()
  socket.destroy()
  const countConnections = promisify(app.server.getConnections.bind(app.server))
  while ((await countConnections()) > 0) await tick()
  lookup.resolve()
  while (clicks.length === 0) await tick()
  t.match(clicks, [{ visit: '1.2-3', ip: '203.0.113.8' }])
})

t.test('an unknown code is 404 and no click', async (t) => {
  const { links, clicks, lookups, request } = await startRedirects(t)
  links.set('off', { isActive: false })
  links.set('old', { isActive: false, expiresAt: 1 })
  for (const code of ['none', 'off', 'old']) {
    const { status, headers, json } = await request('GET', `/${code}`)
    t.equal(status, 404, code)
    t.match(headers.get('content-type'), /application\/problem\+json/)
    t.match(json, {
      code: 'LINK_UNKNOWN',
      status: 404,
      instance: `/${code}`,
      request_id: String,
      error: String
    })
  }
  t.same(lookups, ['none', 'off', 'old'])
  t.same(clicks, [])
})

t.test("a text that can't be a code is 404 without a lookup", async (t) => {
  const { lookups, request } = await startRedirects(t)
  for (const text of [
    'a.b',
    'x'.repeat(65),
    'x'.repeat(2_000),
    'caf%C3%A9',
    '%00',
    '..%2Fetc',
    'a%20b',
    "'--"
  ]) {
    t.equal((await request('GET', `/${text}`)).status, 404, text.slice(0, 80))
  }
  t.same(lookups, [])
})

t.test('an expired link is 410 and no click, even if cached', async (t) => {
  const { links, clicks, request } = await startRedirects(t)
  links.set('past', { expiresAt: Date.now() - 1 })
  links.set('soon', { expiresAt: Date.now() + 500 })
  t.equal((await request('GET', '/soon')).status, 302)
  t.match(await request('GET', '/past'), { status: 410, json: { code: 'LINK_EXPIRED' } })
  while ((await request('GET', '/soon')).status === 302) clicks.length = 1
  t.equal((await request('GET', '/soon')).status, 410)
  t.equal(clicks.length, 1)
})

t.test('a failed lookup is 503 with Retry-After, never 404, and logged with its request', async (t) => {
  const { links, clicks, state, lines, request } = await startRedirects(t)
  links.set('warm', {})
  await request('GET', '/warm')
  state.isDown = true
  const { status, headers, json } = await request('GET', '/cold')
  t.equal(status, 503)
  t.match(headers.get('retry-after'), /^[1-9]\d*$/)
  t.match(json, { code: 'LOOKUP_UNAVAILABLE' })
  t.equal((await request('GET', '/warm')).status, 302, 'what is held goes on leading')
  t.equal(clicks.length, 2)
  t.ok(lines.some((line) => line['code'] === 'LOOKUP_UNAVAILABLE' && line['request_id'] === json.request_id))
})

t.test('a redirect waits for its click to be recorded, and is 503 on failure', async (t) => {
  const recorded: string[] = []
  let isFull = false
  const { links, request } = await startRedirects(t, {
    async add() {
      await new Promise((done) => setImmediate(done))
      if (isFull) throw new Error('nowhere to keep it')
      recorded.push('click')
    }
  })
  links.set('a', {})
  for (const round of [1, 2]) {
    t.equal((await request('GET', '/a')).status, 302)
    t.equal(recorded.length, round, 'recorded before it was answered')
  }
  isFull = true
  const { status, headers, json } = await request('GET', '/a')
  t.equal(status, 503)
  t.equal(headers.get('retry-after'), '1')
  t.equal(headers.get('location'), null)
  t.match(json, { code: 'CLICK_UNRECORDED' })
})

t.test('a flood of unknown codes looks each up once and keeps the known ones cached', async (t) => {
  const { links, lookups, request } = await startRedirects(t)
  links.set('hot', {})
  await request('GET', '/hot')
  const flood = Array.from({ length: 300 }, (_, index) => `random${index}`)
  for (let round = 0; round < 3; round++) await Promise.all(flood.map((code) => request('GET', `/${code}`)))
  t.equal((await request('GET', '/hot')).status, 302)
  t.equal(lookups.length, 301)
})

t.test('redirects are counted by status, and refused ones are logged with their request', async (t) => {
  const { links, lines, state, request } = await startRedirects(t)
  links.set('a', {})
  links.set('past', { expiresAt: 1 })
  const ids: unknown[] = []
  for (const path of ['/a', '/a', '/none?private=1', '/past']) ids.push((await request('GET', path)).json)
  state.isDown = true
  ids.push((await request('GET', '/s/cold')).json)
  const { text } = await request('GET', '/metrics')
  t.match(text, /fairlead_redirect_duration_seconds_count\{status="302"\} 2/)
  t.match(text, /fairlead_redirect_duration_seconds_count\{status="404"\} 1/)
  t.match(text, /fairlead_redirect_duration_seconds_count\{status="410"\} 1/)
  t.notMatch(text, /route="\/:short_code"/)
  const logged = lines.filter((line) => line['msg'] === 'request' && line['route'] !== '/metrics')
  t.same(
    logged.map(({ method, route, status, request_id }) => [method, route, status, request_id]),
    [
      ['GET', '/:short_code', 404],
      ['GET', '/:short_code', 410],
      ['GET', '/s/:short_code', 503]
    ].map((line, at) => [...line, (ids[at + 2] as { request_id: string }).request_id])
  )
  t.ok(logged.every(({ ms, ip }) => typeof ms === 'number' && ip === '127.0.0.0'))
  t.notMatch(JSON.stringify(logged), 'private')
})

t.test('redirects run no hooks', async (t) => {
  const { app } = await startRedirects(t)
  const hooks = app.printRoutes({ includeHooks: true, commonPrefix: false }).split('\n')
  const start = hooks.findIndex((line) => line.includes(':short_code (GET, HEAD)'))
  t.ok(start >= 0)
  t.notMatch(hooks[start + 1], /•/)
})

t.test('the fast lane answers a cached link with the same bytes as the framework', async (t) => {
  const answers = []
  for (const fastLane of [true, false]) {
    const { links, clicks, lookups, request } = await startRedirects(t, { fastLane })
    links.set('a', { originalUrl: 'https://acme.dev/café' })
    for (let time = 0; time < 2; time++) {
      const { status, headers, text } = await request('GET', '/a')
      const { date: _, ...others } = Object.fromEntries(headers)
      answers.push({ status, headers: others, text })
    }
    t.equal(lookups.length, 1)
    t.equal(clicks.length, 2)
  }
  for (const answer of answers) t.same(answer, answers[0])
})

t.test('a route takes precedence over a link of the same name, cached or not', async (t) => {
  const { links, request } = await startRedirects(t)
  links.set('taken', {})
  for (let time = 0; time < 2; time++) {
    t.equal((await request('GET', '/s/taken')).status, 302)
    t.equal((await request('GET', '/taken')).text, 'a route of its own')
  }
})

t.test('the address of a click comes from a trusted proxy, for cached links too', async (t) => {
  for (const [trustProxy, ip] of [
    [['127.0.0.0/8'], '203.0.113.9'],
    [['203.0.113.0/24'], '127.0.0.1']
  ] as const) {
    const { links, clicks, request } = await startRedirects(t, { trustProxy: [...trustProxy] })
    links.set('a', {})
    for (let time = 0; time < 2; time++)
      await request('GET', '/a', { headers: { 'x-forwarded-for': '198.51.100.7, 203.0.113.9' } })
    t.match(clicks, [{ ip }, { ip }])
    t.equal(clicks.length, 2)
  }
})

t.test(
  'a cached link does not redirect if it is inactive or expired, or if its click is refused',
  async (t) => {
    let isTaken = true
    const add = () => (isTaken ? Promise.resolve() : Promise.reject(new Error('nothing takes it')))
    const { links, request } = await startRedirects(t, { add })
    links.set('a', {})
    links.set('off', { isActive: false })
    links.set('over', { expiresAt: 1 })
    for (let time = 0; time < 2; time++) {
      isTaken = time === 0
      t.equal((await request('GET', '/a')).status, isTaken ? 302 : 503)
      t.equal((await request('GET', '/off')).status, 404)
      t.equal((await request('GET', '/over')).status, 410)
    }
  }
)
