import t from 'tap'
import { startApp } from '#testing/app.ts'

/** Response headers for browsers; nothing that a client sent comes back as a page. */

const { request } = await startApp(t, { env: { SECURITY_CONTACT: 'mailto:security@example.com' } })
const SCRIPT = '<script>alert(1)</script>'

t.test('pages run scripts of this server only, in no frame, by one policy', async (t) => {
  for (const path of ['/docs', '/docs/static/swagger-ui-bundle.js', '/docs/static/swagger-initializer.js']) {
    const { status, headers, text } = await request('GET', path)
    t.equal(status, 200, path)
    const policy = headers.get('content-security-policy') ?? ''
    t.match(policy, /^default-src 'none';script-src 'self';/, path)
    t.match(policy, /frame-ancestors 'none'/)
    t.notMatch(policy, /unsafe-eval|https:|upgrade-insecure|script-src[^;]*unsafe-inline|,/)
    t.equal(headers.get('x-content-type-options'), 'nosniff')
    t.equal(headers.get('x-frame-options'), 'DENY')
    if (path !== '/docs') continue
    t.notMatch(
      text,
      /<script(?![^>]* src=)|<style| on\w+=| style=|https?:\/\/(?!127)/,
      'nothing inline or from elsewhere'
    )
  }
})

t.test('other responses are never rendered as a page, whatever their status', async (t) => {
  for (const [path, status] of [
    ['/urls', 200],
    ['/health', 200],
    ['/openapi.json', 200],
    ['/metrics', 200],
    ['/urls/0', 404],
    ['/urls/1/nothing', 404],
    ['/urls?page=x', 422]
  ] as const) {
    const answer = await request('GET', path)
    t.equal(answer.status, status, path)
    t.equal(answer.headers.get('x-content-type-options'), 'nosniff', path)
    t.equal(answer.headers.get('content-security-policy'), "default-src 'none'; frame-ancestors 'none'", path)
    t.equal(answer.headers.get('cache-control'), 'no-store', path)
  }
})

t.test('no response names the server software', async (t) => {
  for (const path of ['/urls', '/docs', '/metrics', '/nothing', '/health', '/robots.txt']) {
    const { headers } = await request('GET', path)
    for (const banner of ['server', 'x-powered-by', 'via']) t.equal(headers.get(banner), null, path)
  }
})

t.test('submitted markup never comes back as a page', async (t) => {
  const json = { original_url: `https://example.com/?q=${encodeURIComponent(SCRIPT)}`, title: SCRIPT }
  const created = await request('POST', '/urls', { json })
  t.equal(created.json.title, SCRIPT, 'kept as it is, which is for clients to escape')
  const encoded = encodeURIComponent(SCRIPT)
  const answers = [
    created,
    await request('GET', '/urls'),
    await request('GET', `/${created.json.short_code}`),
    await request('GET', `/${encoded}`),
    await request('GET', `/nothing/${encoded}`),
    await request('GET', `/urls?q=${encoded}`),
    await request('GET', `/urls?page=${encoded}`),
    await request('GET', `/docs?${encoded}`),
    await request('POST', '/urls', { json: { [SCRIPT]: SCRIPT } }),
    await request('POST', '/urls', { body: SCRIPT, headers: { 'content-type': 'text/html' } }),
    await request('GET', '/urls/0', { headers: { 'x-request-id': SCRIPT, origin: SCRIPT } })
  ]
  for (const { status, headers, text } of answers) {
    const type = headers.get('content-type') ?? ''
    if (/html/.test(type)) t.notMatch(text, /alert/)
    else t.match(type || 'none', /^(application\/(problem\+)?json|none)/, `${status}`)
    t.notMatch([...headers].filter(([name]) => name !== 'location').join('\n'), /<script/)
  }
})

t.test('robots follow links and leave the API alone', async (t) => {
  const { status, headers, text } = await request('GET', '/robots.txt')
  t.equal(status, 200)
  t.match(headers.get('content-type'), 'text/plain')
  const lines = text.split('\n')
  t.equal(lines[0], 'User-agent: *')
  for (const rule of ['/urls$', '/urls/', '/urls?', '/docs/', '/users$', '/openapi.json$'])
    t.ok(lines.includes(`Disallow: ${rule}`), rule)
  t.notMatch(text, /^Disallow: \/(s\/|$|\w+$)/m, 'no link is forbidden')
})

t.test('browsers get a cacheable icon', async (t) => {
  const { status, headers, text } = await request('GET', '/favicon.ico')
  t.equal(status, 200)
  t.equal(headers.get('content-type'), 'image/x-icon')
  t.match(headers.get('cache-control'), /^public, max-age=/)
  t.equal(Number(headers.get('content-length')), 294)
  t.ok(text.startsWith('\u0000\u0000\u0001\u0000'), 'ICONDIR of type 1')
})

t.test('security.txt has the contact and an expiry date', async (t) => {
  const { status, headers, text } = await request('GET', '/.well-known/security.txt')
  t.equal(status, 200)
  t.equal(headers.get('content-type'), 'text/plain; charset=utf-8')
  t.match(text, /^Contact: mailto:security@example\.com\n/)
  const expires = Date.parse(/^Expires: (\S+Z)$/m.exec(text)?.[1] ?? '')
  t.ok(expires > Date.now() && expires < Date.now() + 366 * 86_400_000)
  const { request: silent } = await startApp(t)
  t.equal((await silent('GET', '/.well-known/security.txt')).status, 404, 'no contact by default')
})
