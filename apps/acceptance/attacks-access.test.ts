import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { startApp } from '#testing/app.ts'
import { listen } from '#testing/listen.ts'
import { readSvg } from '#testing/read-qr.ts'
import { until } from '#testing/until.ts'
import { createUrl } from './subject.ts'

/**
 * Attacks by authenticated clients or their browsers, one test for each class of weakness. The numbers are
 * those of known weaknesses of YOURLS, Shlink, Polr and similar shorteners; see docs/threat-model.md.
 */

const makeKey = () => `fl_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('base64url')}`

async function startWithKeys(t: Test, env: Record<string, string> = {}) {
  const key = makeKey()
  const running = await startApp(t, { env: { AUTH: 'keys', ADMIN_KEY: key, RATE_LIMIT: 'off', ...env } })
  return { ...running, key, headers: { authorization: `Bearer ${key}` } }
}

t.test('administration that is open to all (CWE-306)', async (t) => {
  const { app, request, key } = await startWithKeys(t)
  const routes = app.access.routes().filter(({ url }) => !url.includes('*'))
  const isPublic = ({ requirement }: { requirement: string }) => requirement === 'public'
  // A new public route must be added here deliberately.
  t.same([...new Set(routes.filter(isPublic).map(({ url }) => url.replace(/(.)\/$/, '$1')))].sort(), PUBLIC)
  const guarded = routes.filter((route) => !isPublic(route))
  t.ok(guarded.length >= 30, `${guarded.length} routes authenticate`)
  for (const { method, url } of guarded) {
    const path = url.replace(/:\w+/g, '1')
    for (const [what, query, headers] of [
      ['nothing', '', {}],
      [
        'a key in the address',
        `?key=${key}&api_key=${key}&authorization=Bearer%20${key}&signature=${key}`,
        {}
      ],
      ['another key', '', { authorization: `Bearer ${makeKey()}` }],
      [
        'an address that was made up',
        '',
        { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1', forwarded: 'for=127.0.0.1' }
      ],
      ['another path', '', { 'x-original-url': '/health', 'x-rewrite-url': '/health' }],
      ['another method', '', { 'x-http-method-override': 'GET', 'x-method-override': 'HEAD' }]
    ] as const) {
      const answer = await request(method, path + query, { headers })
      t.equal(answer.status, 401, `${method} ${url} with ${what}`)
    }
  }
})

const PUBLIC = [
  '/',
  '/:short_code',
  '/:short_code([A-Za-z0-9_-]+)+',
  '/:short_code/qr',
  '/dashboard',
  '/dashboard/assets/:file',
  '/dashboard/manifest.webmanifest',
  '/docs',
  '/favicon.ico',
  '/health',
  '/health/live',
  '/health/ready',
  '/metrics',
  '/openapi.json',
  '/robots.txt',
  '/s/:short_code',
  '/s/:short_code([A-Za-z0-9_-]+)+',
  '/s/:short_code/qr',
  '/session',
  '/shorten',
  '/urls/:short_code/redirect'
]

t.test('keys that are found by trying (CWE-307)', async (t) => {
  const env = { RATE_LIMIT: 'on', RATE_LIMIT_CREDENTIALS: '5/60', RATE_LIMIT_SIGN_IN: '5/60' }
  const { request } = await startWithKeys(t, env)
  const guess = (at: number) => ({
    headers: { authorization: `Bearer ${makeKey()}`, 'x-forwarded-for': `203.0.113.${at}` }
  })
  const statuses: number[] = []
  for (let at = 0; at < 8; at++) statuses.push((await request('GET', '/urls', guess(at))).status)
  t.same([...new Set(statuses.slice(0, 5))], [401])
  t.equal(statuses.at(-1), 429, 'addresses that a client names itself are not believed')
  t.ok((await request('GET', '/urls', guess(9))).headers.get('retry-after'))
  const signIns: number[] = []
  for (let at = 0; at < 8; at++)
    signIns.push(
      (
        await request('POST', '/session', {
          json: { key: makeKey() },
          headers: { 'x-forwarded-for': `203.0.113.${at}` }
        })
      ).status
    )
  t.equal(signIns[0], 401)
  t.equal(signIns.at(-1), 429)
})

t.test('requests forged by a page of another site (CWE-352; CVE-2022-0088, Polr issue 57)', async (t) => {
  const { request, key, headers } = await startWithKeys(t)
  const link = await createUrl((method, path, options) => request(method, path, { ...options, headers }))
  const signedIn = await request('POST', '/session', { json: { key } })
  const cookie = signedIn.headers.get('set-cookie')?.split(';', 1)[0] ?? ''
  t.match(signedIn.headers.get('set-cookie'), /HttpOnly; (Secure; )?SameSite=(Lax|Strict)/)
  t.equal((await request('GET', '/urls', { headers: { cookie } })).status, 200)
  const json = JSON.stringify({
    original_url: 'https://evil.example',
    url: 'https://evil.example',
    is_active: false
  })
  for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1'])
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json'
    ])
      for (const [method, path] of [
        ['POST', '/urls'],
        ['POST', '/shorten'],
        ['PUT', `/urls/${link.id}`],
        ['DELETE', `/urls/${link.id}`],
        ['POST', '/keys'],
        ['DELETE', '/session']
      ] as const)
        for (const site of [{}, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }]) {
          const answer = await request(method, path, {
            body: json,
            headers: { cookie, origin, 'content-type': type, ...site }
          })
          t.equal(answer.status, 403, `${method} ${path} as ${type} from ${origin}`)
          t.equal(answer.headers.get('access-control-allow-origin'), null)
        }
  t.match((await request('GET', `/urls/${link.id}`, { headers })).json, {
    is_active: true,
    original_url: link.original_url
  })
  t.equal((await request('GET', '/urls', { headers: { cookie } })).status, 200, 'the session is still valid')
})

t.test('answers that a cache gives to others (CWE-444, CWE-524)', async (t) => {
  const { request } = await startApp(t)
  const lies = {
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'javascript',
    'x-forwarded-prefix': '/evil',
    forwarded: 'host=evil.example',
    'x-host': 'evil.example',
    'x-original-host': 'evil.example'
  }
  const link = (
    await request('POST', '/urls', { json: { original_url: 'https://example.com/a' }, headers: lies })
  ).json
  t.match(link.short_url, /^http:\/\/127\.0\.0\.1:\d+\//)
  for (const path of [
    '/',
    '/docs',
    '/openapi.json',
    '/urls',
    '/urls?per_page=1&page=1',
    `/urls/${link.id}`,
    '/robots.txt',
    '/nothing',
    `/${link.short_code}`,
    `/${link.short_code}/qr`
  ]) {
    const { headers, text } = await request('GET', path, { headers: lies })
    t.notMatch(text + [...headers].join('\n'), /evil/, path)
    if (path !== '/docs')
      t.match(
        headers.get('cache-control') ?? 'no-store',
        /no-store|private|no-cache/,
        `${path} is kept by no cache`
      )
  }
  const code = await request('GET', `/${link.short_code}/qr`, { headers: lies })
  t.equal(readSvg(code.text), `${link.short_url}?qr=1`)
  const named = await startApp(t, { env: { PUBLIC_URL: 'https://sho.rt', TRUST_PROXY: '127.0.0.1' } })
  const made = await named.request('POST', '/shorten', {
    json: { url: 'https://example.com/a' },
    headers: lies
  })
  t.match(
    made.json.short_url,
    /^https:\/\/sho\.rt\//,
    'a name that is set is not changed by a trusted proxy either'
  )
})

t.test(
  'requests that the server is made to send into its own network (CWE-918; CVE-2026-50887)',
  async (t) => {
    const asked: string[] = []
    const inside = createServer((message, answer) => {
      asked.push(message.url ?? '')
      answer.writeHead(200, { 'content-type': 'text/html' }).end('<title>inside</title>')
    })
    const { port } = new URL(`http://${await listen(t, inside)}`)
    const { request } = await startApp(t, { env: { TITLE_FETCH: 'on' } })
    const targets = [
      '127.0.0.1',
      'localhost',
      '0x7f000001',
      '2130706433',
      '127.1',
      '0',
      '[::1]',
      '[::ffff:127.0.0.1]'
    ].map((host) => `http://${host}:${port}/latest/meta-data/`)
    for (const original_url of targets)
      t.equal((await request('POST', '/urls', { json: { original_url } })).status, 201)
    const failures = async () =>
      Number(
        /^fairlead_titles_total\{outcome="failed"\} (\d+)$/m.exec(
          (await request('GET', '/metrics')).text
        )?.[1] ?? 0
      )
    t.equal(await until(failures, (count) => count === targets.length), targets.length)
    t.same(asked, [])
    t.same(
      [...new Set((await request('GET', '/urls')).json.map(({ title }: { title: unknown }) => title))],
      [null]
    )
  }
)
