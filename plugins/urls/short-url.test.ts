import t from 'tap'
import { hasRedis, startApp } from '#testing/app.ts'

/** Where `short_url` points: what the operator says, else what the client asked, else what a trusted proxy tells. */

const profile = hasRedis() ? 'redis' : 'alone'
const json = { original_url: 'https://example.com' }

t.test('without a setting it is the address that the client asked', async (t) => {
  const { url, request } = await startApp(t, { profile })
  const forwarded = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
  const { short_url, short_code } = (await request('POST', '/urls', { json, headers: forwarded })).json
  t.equal(short_url, `${url}/${short_code}`, 'and nobody is believed who says otherwise')
  t.equal(
    (await request('POST', '/shorten', { json: { url: 'https://a.dev' } })).json.short_url.startsWith(url),
    true
  )
})

t.test('a trusted proxy says how it was asked', async (t) => {
  const { request } = await startApp(t, { profile, env: { TRUST_PROXY: '127.0.0.1' } })
  const headers = { 'x-forwarded-host': 'sho.rt', 'x-forwarded-proto': 'https' }
  const { short_url, short_code } = (await request('POST', '/urls', { json, headers })).json
  t.equal(short_url, `https://sho.rt/${short_code}`)
})

t.test('a setting is the last word', async (t) => {
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
