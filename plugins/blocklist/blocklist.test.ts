import { writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { buildApp } from '#apps/app.ts'
import { type Config, readConfig } from '#apps/config.ts'
import { createClient, hasRedis, profiles, type Running, startApp, storageOf } from '#testing/app.ts'
import { until } from '#testing/until.ts'

/** Blocked hosts: the effect on links, on every replica. */

type Client = Pick<Running, 'request'>

async function shorten({ request }: Client, url: string) {
  const { status, json } = await request('POST', '/shorten', { json: { url } })
  return { status, json, path: `/${json.short_code}` }
}

const statusOf = async ({ request }: Client, path: string) => (await request('GET', path)).status

const block = ({ request }: Client, host: string, reason?: string) =>
  request('POST', '/blocked-hosts', { json: { host, ...(reason && { reason }) } })

/** Resolves when the response to `path` has `status`. */
async function answers(client: Client, path: string, status: number): Promise<void> {
  await until(async () => (await statusOf(client, path)) === status)
}

/** An app with options that settings do not offer. */
async function startWith(t: Test, env: Record<string, string>, blocklist: Partial<Config['blocklist']>) {
  const config = readConfig({ LINGER_MS: '100', ...env })
  const app = await buildApp({ ...config, blocklist: { ...config.blocklist, ...blocklist } })
  t.teardown(() => app.close())
  return { request: createClient(await app.listen({ host: '127.0.0.1', port: 0 })) }
}

profiles(t, async (t, profile) => {
  const storage = await storageOf(t, profile)
  const running = await startApp(t, { storage })
  const { request } = running

  t.test('links to a blocked host neither redirect nor can be created', async (t) => {
    const bad = await shorten(running, 'https://login.evil.example/x')
    const good = await shorten(running, 'https://notevil.example/')
    for (const { path } of [bad, good]) t.equal(await statusOf(running, path), 302, 'warm')

    const entry = await block(running, '*.EVIL.example', 'phishing')
    t.match(entry, { status: 201, json: { host: '.evil.example', reason: 'phishing' } })
    for (const path of [bad.path, `/s${bad.path}`, `/urls${bad.path}/redirect`]) {
      const refused = await request('GET', path)
      t.match(refused, { status: 403, json: { code: 'LINK_BLOCKED' } }, path)
      t.equal(refused.headers.get('location'), null)
    }
    t.equal((await request('HEAD', bad.path)).status, 403)
    t.equal(await statusOf(running, good.path), 302, 'others are followed')
    const [url] = (await request('GET', `/urls?q=${bad.json.short_code}`)).json
    t.match(url, { is_active: true }, 'the link itself is as it was')

    const refused = { status: 422, json: { code: 'URL_TARGET_REFUSED' } }
    t.match(await shorten(running, 'http://evil.example./'), refused)
    t.match(
      await request('PUT', `/urls/${url.id}`, { json: { original_url: 'https://a.b.evil.example' } }),
      refused
    )
    t.equal((await request('PUT', `/urls/${url.id}`, { json: { title: 'x' } })).status, 200)
    const row = { user_id: null, title: '', is_active: true, created_at: '2025-06-04 00:07:00' }
    const rows = ['https://evil.example', 'https://example.com'].map((original_url, at) => ({
      ...row,
      id: 900 + at,
      short_code: `imported${at}`,
      original_url,
      updated_at: row.created_at
    }))
    const report = (await request('POST', '/urls/bulk', { json: rows })).json
    t.match(report, { imported: 1, rejected: 1, errors: [{ line: 1, reason: /blocked/ }] })

    t.equal((await request('DELETE', '/blocked-hosts/.evil.example')).status, 204)
    t.equal(await statusOf(running, bad.path), 302, 'and followed again when it is off the list')
    t.match((await request('GET', '/audit?resource=blocked-host')).json, [
      { action: 'deleted', resource_id: '.evil.example', before: { reason: 'phishing' } },
      { action: 'created', resource_id: '.evil.example', after: { reason: 'phishing' } }
    ])
    t.equal((await request('DELETE', '/blocked-hosts/.evil.example')).status, 404)
  })

  t.test('all spellings of a host are one entry', async (t) => {
    for (const host of ['one.example', 'ONE.example.', 'bücher.example', '0x7f.1', '[::1]'])
      t.equal((await block(running, host)).status, 201, host)
    const list = await request('GET', '/blocked-hosts?per_page=2')
    t.match([list.json.length, list.headers.get('x-total-count')], [2, '4'])
    const { json } = await request('GET', '/blocked-hosts')
    t.same(json.map(({ host }: { host: string }) => host).sort(), [
      '127.0.0.1',
      '[::1]',
      'one.example',
      'xn--bcher-kva.example'
    ])
    for (const url of [
      'http://2130706433/',
      'http://[0:0::1]:80/',
      'https://BÜCHER.example/',
      'https://one.example:8443/'
    ])
      t.equal((await shorten(running, url)).status, 422, url)
    t.equal((await shorten(running, 'https://two.one.example/')).status, 201, 'without a dot it is one host')
    for (const host of [
      '',
      '.',
      '..a',
      'a b',
      'a/b',
      'a:80',
      'user@a',
      '.127.0.0.1',
      'http://a',
      'a?b',
      '%61',
      'x'.repeat(300)
    ])
      t.match(await block(running, host), { status: 422, json: { code: 'INPUT_INVALID' } }, host)
    t.equal((await request('DELETE', '/blocked-hosts/B%C3%BCcher.example')).status, 204)
  })
})

t.test('a file is read again when it changes', async (t) => {
  const file = `${t.testdir()}/hosts.txt`
  await writeFile(file, '# nothing yet\n')
  const app = await startWith(
    t,
    { ...(await storageOf(t, 'alone')), BLOCKED_HOSTS_FILE: file },
    { fileEveryMs: 20 }
  )
  const { path } = await shorten(app, 'https://evil.example/')
  t.equal(await statusOf(app, path), 302)
  await writeFile(file, 'not a host\n.evil.example # and all beneath\n')
  await answers(app, path, 403)
  t.equal((await shorten(app, 'https://www.evil.example/')).status, 422)
  await writeFile(file, '\n')
  await answers(app, path, 302)
})

t.test('all replicas use the same list', { skip: !hasRedis() }, async (t) => {
  const storage = await storageOf(t, 'redis')
  const [one, two] = [await startApp(t, { storage }), await startApp(t, { storage })]
  const { path } = await shorten(one, 'https://evil.example/')
  for (const replica of [one, two]) t.equal(await statusOf(replica, path), 302, 'warm')
  t.equal((await block(one, 'evil.example')).status, 201)
  t.equal(await statusOf(one, path), 403)
  await answers(two, path, 403)
  const late = await startApp(t, { storage })
  t.equal(await statusOf(late, path), 403, 'one that finds the link in Redis judges it too')

  // Without Redis there are no invalidations; the process polls the database.
  const { REDIS_URL: _redis, ...alone } = storage
  const deaf = await startWith(t, alone, { everyMs: 50 })
  t.equal(await statusOf(deaf, path), 403)
  t.equal((await two.request('DELETE', '/blocked-hosts/evil.example')).status, 204)
  for (const replica of [one, two, late, deaf]) await answers(replica, path, 302)
})
