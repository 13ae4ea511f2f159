import { request as send } from 'node:http'
import t, { type Test } from 'tap'
import { startApp } from '#testing/app.ts'

/** What pages of other sites can do, with requests as browsers send them. */

const FOREIGN = 'https://evil.example'
const APP = 'https://app.example.com'
const json = { original_url: 'https://example.com' }

const start = (t: Test, env: Record<string, string> = {}) => startApp(t, { env })

/** A form with a file: a page may send it anywhere without a preflight (a simple request). */
function form() {
  const body = new FormData()
  body.append('file', new Blob(['id,username,email,created_at\n']), 'users.csv')
  return body
}

t.test('pages of other sites may not change anything, and other clients need no proof', async (t) => {
  const { request, url } = await start(t)
  const foreign = [
    { origin: FOREIGN, 'sec-fetch-site': 'cross-site' },
    { origin: 'null', 'sec-fetch-site': 'cross-site' },
    { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' },
    // Browsers that predate Sec-Fetch-Site.
    { origin: FOREIGN },
    { origin: 'null' },
    { origin: `${url}.evil.example` }
  ]
  const { id } = (await request('POST', '/urls', { json })).json
  for (const headers of foreign) {
    const name = JSON.stringify(headers)
    const refused = await request('POST', '/users/bulk', { body: form(), headers })
    t.match(refused, { status: 403, json: { code: 'ORIGIN_REFUSED', status: 403 } }, name)
    t.equal(refused.headers.get('x-request-id'), refused.json.request_id)
    t.equal((await request('POST', '/urls', { json, headers })).status, 403, name)
    t.equal((await request('DELETE', `/urls/${id}`, { headers })).status, 403, name)
  }
  t.same((await request('GET', '/urls')).json.length, 1)
  for (const headers of [
    {},
    { origin: url },
    { origin: url, 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' }
  ]) {
    const name = JSON.stringify(headers)
    t.equal((await request('POST', '/users/bulk', { body: form(), headers })).status, 201, name)
  }
  const followed = await request('GET', `/urls/${id}`, { headers: { 'sec-fetch-site': 'cross-site' } })
  t.equal(followed.status, 200, 'links to what is read may be followed')
})

t.test('a rebound host name changes nothing on an open server', async (t) => {
  const write = (url: string, host: string) =>
    new Promise<number | undefined>((done, fail) => {
      const headers = { host, origin: `http://${host}`, 'content-type': 'application/json' }
      const sent = send(`${url}/shorten`, { method: 'POST', headers }, ({ statusCode, resume: _ }) =>
        done(statusCode)
      )
      sent.on('error', fail)
      sent.end(JSON.stringify({ url: json.original_url }))
    })
  const { url } = await start(t, { OWN_HOSTS: 'go.example' })
  for (const host of ['evil.example:3000', 'localhost.evil.example', '127.0.0.1.evil.example', 'printer'])
    t.equal(await write(url, host), 403, host)
  for (const host of [
    'localhost:3000',
    'app.localhost',
    '127.0.0.1:3000',
    '[::1]:3000',
    '192.168.1.7',
    'go.example'
  ])
    t.equal(await write(url, host), 201, host)
  const proxied = await start(t, { TRUST_PROXY: '127.0.0.1' })
  t.equal(await write(proxied.url, 'go.example'), 201, 'the proxy in front checks the names')
})

t.test('without CORS_ORIGINS no other origin may read', async (t) => {
  const { request } = await start(t)
  const { headers } = await request('GET', '/urls', { headers: { origin: APP } })
  t.equal(headers.get('access-control-allow-origin'), null)
  const preflight = { origin: APP, 'access-control-request-method': 'POST' }
  t.equal((await request('OPTIONS', '/urls', { headers: preflight })).status, 405)
})

t.test('the origins of CORS_ORIGINS read and write, no others', async (t) => {
  const { request } = await start(t, { CORS_ORIGINS: `${APP},http://localhost:5173` })
  const allowed = await request('GET', '/urls', { headers: { origin: APP } })
  t.equal(allowed.headers.get('access-control-allow-origin'), APP)
  t.match(allowed.headers.get('access-control-expose-headers'), /X-Total-Count/)
  t.equal(allowed.headers.get('access-control-allow-credentials'), null)
  for (const origin of [FOREIGN, `${APP}.evil.example`, 'http://app.example.com', 'null', '*']) {
    const { headers } = await request('GET', '/urls', { headers: { origin } })
    t.equal(headers.get('access-control-allow-origin'), null, origin)
    t.equal(headers.get('vary'), 'Origin')
    const asked = { origin, 'access-control-request-method': 'POST' }
    t.equal((await request('OPTIONS', '/urls', { headers: asked })).status, 405, origin)
    t.equal((await request('POST', '/urls', { json, headers: { origin } })).status, 403, origin)
  }
  const asked = { origin: APP, 'access-control-request-method': 'PUT' }
  const preflight = await request('OPTIONS', '/urls/1', { headers: asked })
  t.equal(preflight.status, 204)
  t.match(preflight.headers.get('access-control-allow-methods'), /PUT/)
  t.match(preflight.headers.get('access-control-allow-headers'), /Authorization, Content-Type/)
  const headers = { origin: APP, 'sec-fetch-site': 'cross-site' }
  const created = await request('POST', '/urls', { json, headers })
  t.equal(created.status, 201)
  t.equal(created.headers.get('access-control-allow-origin'), APP)
  const refused = await request('GET', '/urls/0', { headers })
  t.equal(refused.headers.get('access-control-allow-origin'), APP, 'errors may be read too')
})

t.test('the own origin is known behind a proxy that rewrites Host', async (t) => {
  const { request } = await start(t, { PUBLIC_URL: 'https://sho.rt' })
  t.equal((await request('POST', '/urls', { json, headers: { origin: 'https://sho.rt' } })).status, 201)
})
