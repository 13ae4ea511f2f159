import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Url } from '#schema/shapes/url.ts'
import { startApp } from '#testing/app.ts'
import { makeFolder } from '#testing/folder.ts'

/** Lists and single reads agree about links to blocked hosts, in any spelling. */

t.test('the state of a blocked link is the same in lists, filters and reads', async (t) => {
  const file = join(await makeFolder(t), 'hosts')
  await writeFile(file, '127.0.0.1\n')
  const { request } = await startApp(t, { env: { BLOCKED_HOSTS_FILE: file } })
  const targets = [
    'https://evil.example/a',
    'https://notevil.example/',
    'HTTPS://Sub.EVIL.example.:8443?x',
    'https://bücher.example/',
    'https://xn--bcher-kva.example/',
    'http://2130706433/',
    'https://user@evil.example/',
    'https://good.example/?u=https://evil.example/',
    'https://good.example/'
  ]
  const rows = targets.map((original_url, at) => ({
    original_url,
    short_code: `c${at}`,
    is_active: at !== 2
  }))
  const imported = await request('POST', '/urls/bulk', { json: rows })
  t.match(imported.json, { imported: 8, rejected: 1 }, 'an import refuses the host of the file')
  const expired = {
    original_url: 'https://good.example/',
    short_code: 'e',
    expired_url: 'https://a.evil.example'
  }
  t.equal((await request('POST', '/urls', { json: expired })).status, 201)
  const read = async (query: string) =>
    (await request('GET', `/urls?${query}`)).json.map(({ short_code }: Url) => short_code)
  t.same(await read('state=blocked'), [])
  for (const host of ['.evil.example', 'bücher.example'])
    t.equal((await request('POST', '/blocked-hosts', { json: { host } })).status, 201)
  const blocked = ['c0', 'c2', 'c3', 'c4', 'c6', 'e']
  const listed: Url[] = (await request('GET', '/urls')).json
  const single = []
  for (const { id } of listed) single.push((await request('GET', `/urls/${id}`)).json.state)
  t.same(
    listed.map(({ state }) => state),
    single
  )
  t.same(
    listed.filter(({ state }) => state === 'blocked').map(({ short_code }) => short_code),
    blocked
  )
  for (const more of ['', '&sort=id']) {
    t.same(await read(`state=blocked${more}`), blocked, more)
    t.same(await read(`state=active${more}`), ['c1', 'c7', 'c8'], more)
  }
  t.same(await read('state=inactive'), [], 'a block comes before the other states')
  t.same(await read('state=blocked&sort=-id&per_page=1'), ['e'])
  t.equal((await request('DELETE', `/urls/${listed[0]?.id}`)).status, 204)
  t.match((await request('GET', '/urls?state=deleted')).json, [{ short_code: 'c0', state: 'deleted' }])
})
