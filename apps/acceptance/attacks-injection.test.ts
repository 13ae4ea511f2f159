import { Agent } from 'node:http'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import type { Document } from './openapi.ts'
import { readOperations } from './openapi.ts'
import { send } from './send.ts'
import { clicksOf, createUrl, createUser, unique } from './subject.ts'

/**
 * Attacks by hostile input, one test for each class of weakness. The numbers are those of known weaknesses of
 * YOURLS, Shlink, Polr and similar shorteners; see docs/threat-model.md.
 */

const { app, request, url } = await startApp(t, { env: { SECURITY_CONTACT: 'mailto:security@example.com' } })
const agent = new Agent({ keepAlive: true })
t.teardown(() => agent.destroy())
const ask = (target: string, headers: Record<string, string> = {}) =>
  send(agent, url, { method: 'GET', target, headers, body: null })

t.test('stored XSS in titles and referrers (CWE-79; CVE-2014-8488, YOURLS issue 27)', async (t) => {
  const marker = unique('xss')
  const script = `"><script>alert('${marker}')</script>`
  const user = await createUser(request, { username: script })
  const link = await createUrl(request, {
    title: script,
    original_url: `https://example.com/?${encodeURIComponent(script)}`,
    user_id: user.id
  })
  await request('GET', `/${link.short_code}`, { headers: { referer: script, 'user-agent': script } })
  const [click] = await clicksOf(request, link.id, 1)
  t.match(
    click.details,
    { referrer: script, user_agent: script },
    'kept as it is: the client has to escape it'
  )
  await request('POST', '/events', {
    json: { url_id: link.id, user_id: user.id, event_type: script, details: { [script]: script } }
  })

  // Requests every route, so that later pages are covered too.
  const ids: Record<string, string> = { short_code: link.short_code, id: String(link.id) }
  const reads = app.access.routes().filter(({ method }) => method === 'GET')
  let pages = 0
  for (const { url: route } of reads) {
    const path = route.replace(/:(\w+)/g, (_, name) => ids[name] ?? '1').replace('*', '')
    for (const target of [path, `${path}?q=${encodeURIComponent(script)}`]) {
      const { headers, text, status } = await ask(target, { referer: script, accept: 'text/html' })
      if (status === 302) continue
      t.equal(headers.get('x-content-type-options'), 'nosniff', target)
      const isPage = /html|xml|javascript/.test(headers.get('content-type') ?? '')
      if (isPage) pages++
      if (isPage) t.notOk(text.includes(marker), `${target} shows it`)
      else
        t.match(
          headers.get('content-type'),
          /^(application\/((problem|manifest)\+)?json|text\/(plain|csv)|application\/yaml|application\/x-yaml|image\/x-icon)/,
          target
        )
    }
  }
  t.ok(reads.length >= 25 && pages > 0, `${reads.length} routes, ${pages} pages`)
})

t.test('SQL injection in filters, codes and referrers (CWE-89; YOURLS issue 1532)', async (t) => {
  const link = await createUrl(request, { title: 'plain' })
  const total = async () => (await request('GET', '/urls')).json.length
  const before = await total()
  for (const text of [
    `' OR '1'='1`,
    `%' OR 1=1 --`,
    `'); DROP TABLE urls; --`,
    `x' UNION SELECT public_id, secret_hash FROM api_keys --`,
    `\\'; SELECT pg_sleep(60); --`,
    '%%%',
    '___',
    '\\\\\\'
  ]) {
    const query = encodeURIComponent(text)
    for (const path of [`/urls?q=${query}`, `/events?event_type=${query}`, `/audit?action=${query}`])
      t.same((await request('GET', path)).json, [], `${path}: text, and nothing holds it`)
    for (const path of [`/urls?user_id=${query}`, `/events?since=${query}`, `/users?page=${query}`])
      t.equal((await request('GET', path)).status, 422, path)
    t.equal((await request('GET', `/${query}`)).status, 404)
  }
  const quote = `'); DROP TABLE urls; --`
  await request('GET', `/${link.short_code}`, { headers: { referer: quote, 'user-agent': quote } })
  const [click] = await clicksOf(request, link.id, 1)
  t.match(click.details, { referrer: quote, user_agent: quote })
  const named = await createUrl(request, { title: quote })
  t.equal(named.title, quote)
  t.same(
    (await request('GET', `/urls?q=${encodeURIComponent(quote)}`)).json.map(({ id }: { id: number }) => id),
    [named.id]
  )
  t.equal(await total(), before + 1)
})

t.test('header injection by the target of a link (CWE-113)', async (t) => {
  for (const end of [
    '\r\nSet-Cookie: a=b',
    '\nSet-Cookie: a=b',
    '\rSet-Cookie: a=b',
    '\u2028x y',
    '\u0000',
    ' '
  ])
    for (const json of [{ url: `https://example.com/${end}` }, { url: `https://example.com${end}.example/` }])
      t.equal((await request('POST', '/shorten', { json })).status, 422, encodeURIComponent(json.url))
  const rows = [
    '7001,,injected1,"https://example.com/\r\nSet-Cookie: a=b",,True,2025-01-01 00:00:00,2025-01-01 00:00:00',
    '7002,,injected2,"https://example.com/\nx",,True,2025-01-01 00:00:00,2025-01-01 00:00:00'
  ]
  const body = `id,user_id,short_code,original_url,title,is_active,created_at,updated_at\n${rows.join('\n')}\n`
  const imported = await request('POST', '/urls/bulk', { body, headers: { 'content-type': 'text/csv' } })
  t.match(imported.json, { imported: 0, rejected: 2 })
  for (const target of [
    'https://example.com/%0d%0aSet-Cookie:%20a=b',
    'https://example.com/嘊嘍Set-Cookie:a=b'
  ]) {
    const { short_code } = await createUrl(request, { original_url: target })
    // Twice: from the database, and from the cache.
    for (const _ of [1, 2]) {
      const { status, headers } = await ask(`/${short_code}`)
      t.equal(status, 302)
      t.equal(headers.get('set-cookie'), null)
      t.match(headers.get('location'), /^https:\/\/example\.com\/[^\r\n]+$/)
    }
  }
})

t.test('path traversal in static files (CWE-22)', async (t) => {
  for (const folder of ['/docs/', '/docs/static/', '/', '/s/', '/docs//'])
    for (const up of [
      '../',
      '..%2f',
      '%2e%2e/',
      '%2e%2e%2f',
      '..%5c',
      '..\\',
      '....//',
      '.%00./',
      '%252e%252e%252f',
      '%c0%ae%c0%ae/'
    ])
      for (const file of ['package.json', 'etc/passwd', 'apps/config.ts']) {
        const target = folder + up.repeat(8) + file
        const { status, text } = await ask(target)
        t.ok(status >= 400 && status < 500, `${status} ${target}`)
        t.notMatch(text, /"devDependencies"|root:.*:0:0|import /, target)
      }
})

t.test('regular expressions that never end (CWE-1333)', async (t) => {
  const operations = readOperations((await request('GET', '/openapi.json')).json as Document)
  const long = 200_000
  const texts = [
    'a'.repeat(long),
    `${'a.'.repeat(long / 2)}@`,
    `a@${'a-'.repeat(long / 2)}`,
    `a@${'a.'.repeat(long / 2)}`,
    `https://${'a.'.repeat(long / 2)}`,
    `https://${'%'.repeat(long)}`,
    `${' '.repeat(long)}!`,
    '2025-06-04T'.repeat(long / 11),
    `${'_-'.repeat(long / 2)}!`
  ]
  // A quadratic pattern takes a minute for these; send() gives up after seconds.
  const faults: string[] = []
  for (const { method, path, members, name } of operations)
    for (const member of members.keys())
      for (const text of texts) {
        const body = Buffer.from(JSON.stringify({ ...Object.fromEntries(members), [member]: text }))
        const headers = { 'content-type': 'application/json' }
        const { status } = await send(agent, url, {
          method,
          target: path.replaceAll(/\{\w+\}/g, '1'),
          headers,
          body
        })
        if (status < 400 || status >= 500) faults.push(`${status} ${name} ${member}`)
      }
  t.same(faults, [])
})
