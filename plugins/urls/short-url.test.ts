import t from 'tap'
import { hasRedis, startApp } from '#testing/app.ts'
import { RESERVED_CODES } from './codes.ts'

/** The host of `short_url`: from the setting, else from a trusted proxy, else from the request. */

const profile = hasRedis() ? 'redis' : 'alone'
const json = { original_url: 'https://example.com' }

t.test('without a setting it is the address of the request', async (t) => {
  const { url, request } = await startApp(t, { profile })
  const forwarded = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
  const { short_url, short_code } = (await request('POST', '/urls', { json, headers: forwarded })).json
  t.equal(short_url, `${url}/${short_code}`, 'untrusted headers have no effect')
  t.equal(
    (await request('POST', '/shorten', { json: { url: 'https://a.dev' } })).json.short_url.startsWith(url),
    true
  )
})

t.test('a trusted proxy supplies the address of the request', async (t) => {
  const { request } = await startApp(t, { profile, env: { TRUST_PROXY: '127.0.0.1' } })
  const headers = { 'x-forwarded-host': 'sho.rt', 'x-forwarded-proto': 'https' }
  const { short_url, short_code } = (await request('POST', '/urls', { json, headers })).json
  t.equal(short_url, `https://sho.rt/${short_code}`)
})

t.test('a setting takes precedence', async (t) => {
  const { request } = await startApp(t, {
    profile,
    env: { PUBLIC_URL: 'https://go.acme.dev/l/', TRUST_PROXY: '127.0.0.1' }
  })
  const headers = { 'x-forwarded-host': 'sho.rt' }
  const { short_url, short_code, id } = (await request('POST', '/urls', { json, headers })).json
  t.equal(short_url, `https://go.acme.dev/l/${short_code}`)
  for (const path of [`/urls/${id}`, `/urls?q=${short_code}`]) {
    t.match((await request('GET', path, { headers })).text, `https://go.acme.dev/l/${short_code}`)
  }
})

t.test('it works for imported codes that are reserved, with a warning of the import', async (t) => {
  const { app, request } = await startApp(t, { profile })
  const words = new Set(app.access.routes().flatMap(({ url }) => /^\/([\w-]+)$/.exec(url)?.[1] ?? []))
  t.ok(words.size > 5, [...words].join())
  t.same(
    [...words].filter((word) => !RESERVED_CODES.has(word)),
    [],
    'none of them can be chosen'
  )
  const codes = [...RESERVED_CODES, 'USERS', 'free']
  const rows = codes.map((short_code) => ({ short_code, original_url: `https://example.com/${short_code}` }))
  const { json: report } = await request('POST', '/urls/bulk', { json: rows })
  t.same(
    report.warnings.map(({ reason }: { reason: string }) => reason),
    codes
      .filter((code) => code !== 'free')
      .map((code) => `short_code ${code} is a word of the server's own addresses: the link is at /s/${code}`)
  )
  const { json: urls } = await request('GET', '/urls')
  t.equal(urls.length, codes.length)
  for (const { short_url, short_code, original_url } of urls) {
    const answer = await fetch(short_url, { redirect: 'manual' })
    t.equal(answer.headers.get('location'), original_url, short_code)
  }
  t.match(urls.at(-1).short_url, /\/free$/)
})
