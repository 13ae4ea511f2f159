import t from 'tap'
import { buildApp } from '#apps/app.ts'
import { readConfig } from '#apps/config.ts'
import { createClient, startApp, storageOf } from '#testing/app.ts'

/** Which targets a link may have, by the settings of the server. */

const problem = (path: string, message: RegExp) => ({
  code: 'URL_TARGET_REFUSED',
  errors: [{ path, message }]
})

t.test('a target with a user name or a password is refused', async (t) => {
  const { request } = await startApp(t)
  for (const url of ['https://user@acme.dev/', 'https://user:pass@acme.dev/', 'https://:pass@acme.dev/']) {
    const answer = await request('POST', '/shorten', { json: { url } })
    t.match(answer, { status: 422, json: problem('url', /user name/) }, url)
  }
  t.equal((await request('POST', '/shorten', { json: { url: 'https://acme.dev/@user:pass' } })).status, 201)
})

t.test('a target is never a link of this server, under any of its names', async (t) => {
  const env = {
    PUBLIC_URL: 'https://go.acme.dev/l',
    OWN_HOSTS: 'acme.link, short.acme.dev:8443, bücher.example'
  }
  const { request } = await startApp(t, { env })
  const create = (original_url: string) => request('POST', '/urls', { json: { original_url } })
  for (const url of [
    'https://go.acme.dev/l/abc',
    'https://GO.acme.dev.:443/l/abc',
    'https://go.acme.dev/l',
    'https://go.acme.dev/x/../l/abc',
    'http://acme.link/abc',
    'https://ACME.link./abc',
    'https://short.acme.dev:8443/',
    'https://xn--bcher-kva.example/1'
  ]) {
    t.match(await create(url), { status: 422, json: problem('original_url', /leads back here/) }, url)
  }
  for (const url of ['https://go.acme.dev/', 'https://go.acme.dev/learn', 'https://short.acme.dev/']) {
    t.equal((await create(url)).status, 201, url)
  }
})

t.test('without PUBLIC_URL, no name of this machine leads back here', async (t) => {
  const { request, url } = await startApp(t)
  const { port } = new URL(url)
  const statusOf = async (original_url: string) =>
    (await request('POST', '/urls', { json: { original_url } })).status
  for (const host of ['127.0.0.1', 'localhost', 'LOCALHOST.', 'a.localhost', '127.1', '2130706433', '[::1]'])
    t.equal(await statusOf(`http://${host}:${port}/abc`), 422, host)
  t.equal(await statusOf(`http://localhost:${port === '1' ? 2 : 1}/abc`), 201, 'another port')
})

t.test('targets in private networks are refused if so configured', async (t) => {
  const inside = [
    'http://localhost:8080/',
    'http://printer/',
    'http://nas.local/',
    'http://metadata.google.internal/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0/',
    'http://10.1.2.3/',
    'http://172.31.0.1/',
    'http://192.168.1.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://100.100.100.200/',
    'http://224.0.0.1/',
    'http://[::1]/',
    'http://[::]/',
    'http://[fe80::1]/',
    'http://[fd12:3456::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:a00:1::1]/'
  ]
  const outside = [
    'http://8.8.8.8/',
    'http://172.32.0.1/',
    'http://[2606:4700::1111]/',
    'http://[::ffff:8.8.8.8]/'
  ]
  const strict = await startApp(t, { env: { TARGET_PRIVATE: 'refuse' } })
  const free = await startApp(t)
  for (const url of inside) {
    const answer = await strict.request('POST', '/shorten', { json: { url } })
    t.match(answer, { status: 422, json: problem('url', /private network/) }, url)
    t.equal((await free.request('POST', '/shorten', { json: { url } })).status, 201, url)
  }
  for (const url of outside)
    t.equal((await strict.request('POST', '/shorten', { json: { url } })).status, 201, url)
})

t.test(
  'a name with a private address is refused before the link is created, if names are resolved',
  async (t) => {
    const config = readConfig({
      TARGET_PRIVATE: 'resolve',
      LINGER_MS: '100',
      ...(await storageOf(t, 'alone'))
    })
    const names: Record<string, string[]> = {
      'outside.example': ['93.184.216.34'],
      'inside.example': ['93.184.216.34', '10.0.0.7'],
      'mapped.example': ['::ffff:169.254.169.254']
    }
    const lookup = async (hostname: string) => {
      const found = names[hostname]
      if (found === undefined) throw new Error('ENOTFOUND')
      return found.map((address) => ({ address }))
    }
    const { urls } = config
    const app = await buildApp({ ...config, urls: { ...urls, targets: { ...urls.targets, lookup } } })
    t.teardown(() => app.close())
    const request = createClient(await app.listen({ host: '127.0.0.1', port: 0 }))
    const shorten = (url: string) => request('POST', '/shorten', { json: { url } })
    for (const host of ['inside.example', 'mapped.example:8080', '127.0.0.1'])
      t.match(
        await shorten(`http://${host}/`),
        { status: 422, json: problem('url', /private network/) },
        host
      )
    for (const host of ['outside.example', 'unknown.example', '8.8.8.8'])
      t.equal((await shorten(`http://${host}/`)).status, 201, host)
    const { json } = await request('POST', '/urls', { json: { original_url: 'http://outside.example/' } })
    const change = (original_url: string) => request('PUT', `/urls/${json.id}`, { json: { original_url } })
    t.equal((await change('http://inside.example/')).status, 422)
    names['outside.example'] = ['10.0.0.1']
    t.equal((await change('http://outside.example/')).status, 200, 'one that stays is not judged')
    const { json: other } = await request('POST', '/urls', {
      json: { original_url: 'http://unknown.example/' }
    })
    const items = [
      { id: json.id, original_url: 'http://outside.example/' },
      { id: other.id, original_url: 'http://inside.example/' }
    ]
    const bulk = await request('PATCH', '/api/links/bulk', { json: { items } })
    t.match(bulk.json.results, [
      { status: 200 },
      { status: 422, problem: problem('original_url', /private network/) }
    ])
  }
)

t.test('a changed target is checked too, an unchanged imported one is not', async (t) => {
  const { request } = await startApp(t)
  const imported = 'https://user:pass@acme.dev/'
  const row = { id: 7, user_id: null, short_code: 'kept', original_url: imported, title: '', is_active: true }
  const times = { created_at: '2025-06-04 00:07:00', updated_at: '2025-06-04 00:07:00' }
  t.match((await request('POST', '/urls/bulk', { json: [{ ...row, ...times }] })).json, { imported: 1 })
  const same = { original_url: imported, title: 'Renamed' }
  t.match(await request('PUT', '/urls/7', { json: same }), { status: 200, json: { title: 'Renamed' } })
  const other = await request('PUT', '/urls/7', { json: { original_url: `${imported}2` } })
  t.match(other, { status: 422, json: problem('original_url', /user name/) })
  t.equal((await request('GET', '/kept')).headers.get('location'), imported)
})

t.test('only http and https targets redirect, unless more schemes are configured', async (t) => {
  const plain = await startApp(t)
  const wider = await startApp(t, { env: { TARGET_SCHEMES: 'https, mailto, acme-app' } })
  const status = async ({ request }: typeof plain, url: string) =>
    (await request('POST', '/shorten', { json: { url } })).status
  for (const url of ['mailto:you@acme.dev', 'acme-app://open/1']) {
    t.equal(await status(plain, url), 422, url)
    t.equal(await status(wider, url), 201, url)
  }
  t.equal(await status(wider, 'http://acme.dev/'), 422)
  for (const url of ['javascript:alert(1)', 'data:text/html,x', 'https:acme.dev', 'https:/acme.dev']) {
    t.equal(await status(plain, url), 422, url)
    t.equal(await status(wider, url), 422, url)
  }
  const { json } = await wider.request('POST', '/shorten', { json: { url: 'mailto:you@acme.dev' } })
  const followed = await wider.request('GET', `/${json.short_code}`)
  t.match([followed.status, followed.headers.get('location')], [302, 'mailto:you@acme.dev'])
})

t.test('no setting allows targets that would run in the page with the link', async (t) => {
  for (const scheme of ['javascript', 'data', 'JavaScript', 'https,vbscript', 'no scheme', ',']) {
    await t.rejects(startApp(t, { env: { TARGET_SCHEMES: scheme } }), { message: /TARGET_SCHEMES/ }, scheme)
  }
  await t.rejects(startApp(t, { env: { OWN_HOSTS: 'https://acme.link/' } }), { message: /OWN_HOSTS/ })
})
