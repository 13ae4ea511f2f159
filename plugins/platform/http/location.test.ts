import t from 'tap'
import { startApp } from '#testing/app.ts'

/** A proxy strips the path of PUBLIC_URL from requests, so paths in responses begin with it. */

const env = { PUBLIC_URL: 'https://go.acme.dev/l/', AUDIT_RETENTION_MONTHS: '0' }

t.test('paths in answers begin with that of PUBLIC_URL', async (t) => {
  const { request } = await startApp(t, { env })
  const create = (path: string, json: object) => request('POST', path, { json })
  const key = await create('/keys', { name: 'one', role: 'admin' })
  const host = await create('/blocked-hosts', { host: 'bad.example' })
  for (const [answer, path] of [
    [await create('/users', { username: 'ada', email: 'ada@example.com' }), '/l/users/1'],
    [await create('/urls', { original_url: 'https://example.com' }), '/l/urls/1'],
    [await create('/shorten', { url: 'https://example.com' }), '/l/urls/2'],
    [await create('/events', { url_id: 1, event_type: 'seen' }), '/l/events/3'],
    [key, `/l/keys/${key.json.id}`],
    [host, '/l/blocked-hosts/bad.example'],
    [await create('/session', { key: key.json.key }), '/l/session']
  ] as const)
    t.match([answer.status, answer.headers.get('location')], [201, path])
  const links = async (path: string) => (await request('GET', path)).headers.get('link')
  t.match(await links('/urls?per_page=1'), '</l/urls?per_page=1&page=2>; rel="next"')
  t.match(await links('/audit?per_page=1'), '</l/audit?per_page=1&after=')
})

t.test('the dashboard, Swagger UI and their files are under it too', async (t) => {
  const { request } = await startApp(t, { env })
  t.equal((await request('GET', '/')).headers.get('location'), '/l/dashboard')
  t.match((await request('GET', '/dashboard')).text, /src="\/l\/dashboard\/assets\/main-\w+\.js"/)
  const page = await request('GET', '/docs')
  t.match(page.text, 'src="/l/docs/static/swagger-ui-bundle.js"')
  t.notMatch(page.text, /(src|href)="\/(?!l\/)/)
  t.equal((await request('GET', '/docs/static/index.html')).headers.get('location'), '/l/docs/')
  t.match((await request('GET', '/openapi.json')).json.servers, [{ url: '/l' }])
})

t.test('a replayed answer has Location too', async (t) => {
  const { request } = await startApp(t)
  const ask = () =>
    request('POST', '/urls', {
      json: { original_url: 'https://example.com', colour: 'red' },
      headers: { 'idempotency-key': '"once"' }
    })
  const [first, second] = [await ask(), await ask()]
  t.equal(second.headers.get('idempotent-replayed'), 'true')
  t.equal(second.headers.get('location'), `/urls/${first.json.id}`)
  t.match(second.json.warnings, [/^colour is not a field/])
  t.same(second.json, first.json)
})
