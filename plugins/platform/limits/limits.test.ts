import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { hasRedis, type Running, startApp, storageOf } from '#testing/app.ts'

/** Rate limits over HTTP, by the settings of the server. */

const json = { original_url: 'https://example.com/' }

type Client = Pick<Running, 'request'>

const create = ({ request }: Client, headers: Record<string, string> = {}) =>
  request('POST', '/urls', { json, headers })

/** A well-formed key that does not exist. */
const makeKey = () => `fl_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('base64url')}`

async function statuses(times: number, send: () => Promise<{ status: number }>): Promise<number[]> {
  const seen: number[] = []
  for (let time = 0; time < times; time++) seen.push((await send()).status)
  return seen
}

/**
 * Guesses until a request is refused, and returns the statuses. A guess is counted after its response, so a
 * few guesses over the limit may still be answered.
 */
async function guessUntilRefused(send: () => Promise<{ status: number }>): Promise<number[]> {
  const seen: number[] = []
  while (seen.at(-1) !== 429 && seen.length < 100) seen.push((await send()).status)
  return seen
}

async function countRefusals({ request }: Client, limit: string): Promise<string | undefined> {
  const { text } = await request('GET', '/metrics')
  return new RegExp(`^fairlead_rate_limited_total\\{limit="${limit}"\\} (\\d+)$`, 'm').exec(text)?.[1]
}

t.test('a client that creates too many links is refused until the window resets', async (t) => {
  const running = await startApp(t, { env: { RATE_LIMIT: 'on', RATE_LIMIT_CREATE: '2/60' } })
  const { request } = running
  const first = await create(running)
  t.equal(first.status, 201)
  t.equal(first.headers.get('ratelimit-policy'), '"create";q=2;w=60')
  t.match(first.headers.get('ratelimit'), /^"create";r=1;t=(60|59)$/)
  t.equal((await request('POST', '/shorten', { json: { url: json.original_url } })).status, 201)

  const refused = await create(running)
  t.match(refused, { status: 429, json: { code: 'RATE_LIMITED', status: 429 } })
  t.match(refused.headers.get('content-type'), /^application\/problem\+json/)
  const wait = Number(refused.headers.get('retry-after'))
  t.ok(wait > 50 && wait <= 60, `${wait} s`)
  t.equal(refused.headers.get('ratelimit'), `"create";r=0;t=${wait}`)
  t.equal(refused.headers.get('x-request-id'), refused.json.request_id)
  t.equal((await request('POST', '/users', { json: { username: 'a', email: 'a@example.com' } })).status, 429)
  t.equal(await countRefusals(running, 'create'), '2')

  const listed = await request('GET', '/urls')
  t.match(listed, { status: 200, json: [{}, {}] }, 'each limit counts for itself')
  t.match(listed.headers.get('ratelimit-policy'), /^"api";/)
  const followed = await request('GET', `/${first.json.short_code}`)
  t.match(
    [followed.status, followed.headers.get('ratelimit')],
    [302, null],
    'links are followed all the same'
  )
  t.equal((await request('GET', '/health')).headers.get('ratelimit'), null, 'probes are not counted')
})

t.test('the description has the limits whether they are on or not', async (t) => {
  const { request } = await startApp(t)
  const { paths } = (await request('GET', '/openapi.json')).json
  t.hasStrict(paths['/urls'].post.responses['429'].headers, { 'Retry-After': {}, RateLimit: {} })
  t.ok(paths['/stats'].get.responses['429'])
  t.notOk(paths['/{short_code}'].get.responses['429']?.headers, 'redirects are under no limit of this kind')
  const { status, headers } = await request('POST', '/urls', { json })
  t.match([status, headers.get('ratelimit')], [201, null], 'an open server has no limits by default')
})

t.test('forwarded addresses are used from trusted proxies only', async (t) => {
  const limits = { RATE_LIMIT: 'on', RATE_LIMIT_CREATE: '2/60' }
  const from = (address: string) => ({ 'x-forwarded-for': address })

  const alone = await startApp(t, { env: limits })
  let spoofed = 0
  const seen = await statuses(3, () => create(alone, from(`198.51.100.${++spoofed}`)))
  t.same(seen, [201, 201, 429], 'who makes up addresses is counted by its own')

  const proxied = await startApp(t, { env: { ...limits, TRUST_PROXY: '127.0.0.1' } })
  t.same(await statuses(3, () => create(proxied, from('198.51.100.1'))), [201, 201, 429])
  t.same(
    await statuses(1, () => create(proxied, from('198.51.100.1, 198.51.100.2'))),
    [201],
    'what a client put in front of what its proxy saw is not believed'
  )
  let host = 0
  t.same(
    await statuses(3, () => create(proxied, from(`2001:db8:1:2::${++host}`))),
    [201, 201, 429],
    'an IPv6 network is one client'
  )
  t.equal((await create(proxied, from('2001:db8:1:3::1'))).status, 201)
  t.equal((await create(proxied, from('::ffff:198.51.100.1'))).status, 429, 'one client in both spellings')
})

t.test(
  'with keys each key is a client of its own, and repeated invalid keys are not looked up any more',
  async (t) => {
    const ADMIN_KEY = makeKey()
    const env = { AUTH: 'keys', ADMIN_KEY, RATE_LIMIT_CREATE: '2/60', RATE_LIMIT_CREDENTIALS: '3/60' }
    const running = await startApp(t, { env })
    const as = (key: string) => ({ authorization: `Bearer ${key}` })
    const made = await running.request('POST', '/keys', {
      json: { name: 'other', role: 'admin' },
      headers: as(ADMIN_KEY)
    })
    t.same(await statuses(3, () => create(running, as(ADMIN_KEY))), [201, 201, 429])
    t.equal((await create(running, as(made.json.key))).status, 201, 'limits are on without being asked for')

    const guess = () => create(running, as(makeKey()))
    const seen = await guessUntilRefused(guess)
    t.same([...new Set(seen)], [401, 429])
    t.ok(seen.length > 4, 'three guesses are free, and the one that is too many is answered')
    t.equal(await countRefusals(running, 'credentials'), '1')
    t.equal((await create(running)).status, 401, 'who sends no key guesses none')
    t.equal((await running.request('GET', '/health')).status, 200)
  }
)

t.test('after too many unknown codes a client gets cached links only, without look-ups', async (t) => {
  const env = { RATE_LIMIT: 'on', RATE_LIMIT_UNKNOWN_CODES: '3/60', TRUST_PROXY: '127.0.0.1' }
  const running = await startApp(t, { env })
  const { request } = running
  const codes: string[] = []
  for (const _ of [1, 2]) codes.push((await create(running)).json.short_code)
  const [held, cold] = codes
  const headers = { 'x-forwarded-for': '198.51.100.9' }
  const follow = (path: string, from = headers) => request('GET', path, { headers: from })
  t.equal((await follow(`/${held}`)).status, 302)
  let guess = 0
  t.same(
    await statuses(3, () => follow('/apple-touch-icon.png')),
    [404, 404, 404],
    'what is no code is no guess'
  )
  const seen = await guessUntilRefused(() => follow(`/guess${guess++}`))
  t.same([...new Set(seen)], [404, 429])
  t.ok(seen.length > 4, 'three guesses are free, and the one that is too many is answered')
  const refused = await follow(`/s/${cold}`)
  t.match(refused, { status: 429, json: { code: 'RATE_LIMITED' } }, 'one that exists is not told apart')
  t.ok(Number(refused.headers.get('retry-after')) > 0)
  for (const path of [`/${held}`, `/s/${held}`]) t.equal((await follow(path)).status, 302, path)
  t.equal(
    (await follow(`/${cold}`, { 'x-forwarded-for': '198.51.100.10' })).status,
    302,
    'others notice nothing'
  )
  t.equal(await countRefusals(running, 'unknown-codes'), '2')
})

t.test('replicas count together, and Redis stores no addresses', { skip: !hasRedis() }, async (t) => {
  const storage = await storageOf(t, 'redis')
  const env = { RATE_LIMIT: 'on', RATE_LIMIT_CREATE: '4/60', TRUST_PROXY: '127.0.0.1' }
  const start = (t: Test) => startApp(t, { storage, env })
  const [one, two] = [await start(t), await start(t)]
  const headers = { 'x-forwarded-for': '203.0.113.77' }
  t.same(await statuses(3, () => create(one, headers)), [201, 201, 201])
  t.same(await statuses(2, () => create(two, headers)), [201, 429])
  t.same(await statuses(1, () => create(one, headers)), [429])

  const { redis } = one.app
  const prefix = redis.options.keyPrefix ?? ''
  const held: string[] = []
  for (const key of await redis.keys(`${prefix}limit*`)) {
    const name = key.slice(prefix.length)
    held.push(`${name} ${await redis.get(name)}`)
    t.ok((await redis.pttl(name)) > 0, `${name} has an end`)
  }
  t.match(held.join('\n'), /^limit:create:[\w-]{22} 6$/m)
  t.notMatch(held.join('\n'), /203\.0\.113/)
})
