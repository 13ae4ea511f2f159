import { createHash } from 'node:crypto'
import t, { type Test } from 'tap'
import { type Answer, startApp } from '#testing/app.ts'
import { prefersHtml } from './error-page.ts'

/** Visitors get error pages for broken links, and other clients never get a page. */

const ADMIN_KEY = `fl_${'0'.repeat(16)}_${'a'.repeat(43)}`
const CHROME = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'

const ACCEPTS: [accept: string | undefined, isPage: boolean][] = [
  [CHROME, true],
  ['text/html', true],
  ['TEXT/HTML', true],
  ['text/*', true],
  ['text/html;level=1, */*;q=0.1', true],
  ['text/html;q=0.5, application/json;q=0.4', true],
  ['application/*;q=0.9, text/html', true],
  [undefined, false],
  ['', false],
  ['*/*', false],
  ['*/*, application/json;q=0.1', false],
  ['application/json', false],
  ['application/problem+json', false],
  ['application/json, text/plain, */*', false],
  ['text/html, application/json', false],
  ['text/html, application/problem+json', false],
  ['text/html, */*', false],
  ['text/html;q=0.4, application/json;q=0.5', false],
  ['text/html;q=0', false],
  ['text/html;q=0, */*', false],
  ['text/html;q=x, */*', false],
  ['text/html;q=2', false],
  ['text/plain', false],
  ['application/json;a="text/html"', false]
]

t.test(
  'a client gets a page where it prefers HTML, by the weights of RFC 9110, section 12.5.1',
  async (t) => {
    for (const [accept, isPage] of ACCEPTS) t.equal(prefersHtml(accept), isPage, `${accept}`)
  }
)

t.test('broken links are pages for browsers only', async (t) => {
  const env = { AUTH: 'keys', ADMIN_KEY, RATE_LIMIT_UNKNOWN_CODES: '9/60' }
  const { request } = await startApp(t, { env })
  const headers = { 'x-api-key': ADMIN_KEY }
  const create = async (json: object) => (await request('POST', '/urls', { json, headers })).json.short_code
  const expired = await create({ original_url: 'https://acme.dev/', expires_at: '2020-01-01T00:00:00' })
  const blocked = await create({ original_url: 'https://evil.example/' })
  await request('POST', '/blocked-hosts', { json: { host: 'evil.example' }, headers })

  const refusals: [path: string, status: number, code: string][] = [
    ['/none', 404, 'LINK_UNKNOWN'],
    ['/s/no.ne', 404, 'LINK_UNKNOWN'],
    [`/${expired}`, 410, 'LINK_EXPIRED'],
    [`/${blocked}`, 403, 'LINK_BLOCKED']
  ]
  for (const [path, status, code] of refusals) {
    isPage(t, await request('GET', path, { headers: { accept: CHROME } }), status)
    const head = await request('HEAD', path, { headers: { accept: CHROME } })
    t.match(head, { status, text: '' })
    const problem = await request('GET', path, { headers: { accept: 'application/json' } })
    t.match(problem, { status, json: { status, code } }, path)
    t.equal(problem.headers.get('vary'), 'Accept')
  }
  let answer: Answer
  do answer = await request('GET', '/none', { headers: { accept: CHROME } })
  while (answer.status === 404)
  isPage(t, answer, 429)
  t.ok(answer.headers.get('retry-after'))
  for (const path of ['/urls/0', '/no/such/path']) {
    const api = await request('GET', path, { headers: { ...headers, accept: CHROME } })
    t.match(api, { status: 404, json: { code: 'NOT_FOUND' } }, 'the API has no pages')
  }
})

/** Asserts that `answer` is a small page without script, with a dark mode, that its own policy allows. */
function isPage(t: Test, { status, headers, text }: Answer, wanted: number): void {
  t.equal(status, wanted)
  t.equal(headers.get('content-type'), 'text/html; charset=utf-8')
  t.equal(headers.get('cache-control'), 'no-store')
  t.equal(headers.get('vary'), 'Accept, Accept-Language')
  t.match(text, `Request ${headers.get('x-request-id')}`)
  t.ok(text.length < 3_072, `${text.length} characters`)
  t.match(text, /color-scheme:light dark/)
  t.notMatch(text, /<script|<link|<img| on\w+=| style=|https?:/)
  const policy = headers.get('content-security-policy') ?? ''
  t.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; img-src 'self';/)
  t.notMatch(policy, /unsafe|script-src/)
  const [, style = ''] = /<style>([^<]*)<\/style>/.exec(text) ?? []
  t.match(policy, createHash('sha256').update(style).digest('base64'))
}
