import t from 'tap'
import { startApp } from '#testing/app.ts'

/** Aliases in files, and rows of aliases where lists and exports read links. */

const CSV = { 'content-type': 'text/csv' }

t.test('an export has the aliases of links, and an import makes them', async (t) => {
  const first = await startApp(t)
  const create = async (json: object) =>
    (await first.request('POST', '/urls', { json: { original_url: 'https://example.com', ...json } })).json
  const link = await create({ short_code: 'first', aliases: ['one', 'two'] })
  await create({ short_code: 'plain' })
  const { text } = await first.request('GET', '/urls/bulk')
  const lines = text.trimEnd().split('\n')
  t.match(lines[0], /,updated_at,aliases$/, 'no other column has a value')
  t.match(lines[1], /,one\|two$/)
  t.equal(lines.length, 3, 'aliases are no links')
  t.same((await first.request('GET', '/urls')).json.length, 2)
  t.match((await first.request('POST', '/urls/bulk', { body: text, headers: CSV })).json, {
    imported: 0,
    skipped: 2
  })

  const second = await startApp(t)
  t.match((await second.request('POST', '/urls/bulk', { body: text, headers: CSV })).json, {
    imported: 2,
    warnings: []
  })
  t.equal((await second.request('GET', '/urls/bulk')).text, text)
  t.equal((await second.request('GET', '/two')).headers.get('location'), link.original_url)
  t.equal(
    (
      await second.request('POST', '/urls', {
        json: { original_url: 'https://example.com', short_code: 'one' }
      })
    ).status,
    409
  )
})

t.test('an import leaves out aliases that are taken, and refuses codes that are aliases', async (t) => {
  const { request } = await startApp(t)
  await request('POST', '/urls', {
    json: { original_url: 'https://example.com/0', short_code: 'held', aliases: ['alias'] }
  })
  const rows = [
    { short_code: 'a', original_url: 'https://example.com/1', aliases: ['alias', 'free', 'b', 'held'] },
    { short_code: 'b', original_url: 'https://example.com/2', aliases: ['free', 'b'] },
    { short_code: 'alias', original_url: 'https://example.com/3' },
    { short_code: 'c', original_url: 'https://example.com/4', aliases: ['a b'] }
  ]
  const { json } = await request('POST', '/urls/bulk', { json: rows })
  t.match(json, {
    imported: 2,
    rejected: 2,
    errors: [
      { line: 3, reason: /is already url 1's/ },
      { line: 4, reason: /^aliases holds/ }
    ]
  })
  const left = json.warnings.map(({ reason }: { reason: string }) => /^the alias (\w+) /.exec(reason)?.[1])
  t.same(left.sort(), ['alias', 'b', 'free', 'held'])
  const links = (await request('GET', '/urls?per_page=10&page=1')).json
  t.same(
    links.map(
      ({ short_code, aliases }: { short_code: string; aliases: string[] }) => `${short_code} ${aliases}`
    ),
    ['held alias', 'a free', 'b ']
  )
})

t.test('rows of aliases are no links for any reader', async (t) => {
  const { app, request } = await startApp(t)
  const user = (await request('POST', '/users', { json: { username: 'ada', email: 'ada@example.com' } })).json
  const json = { original_url: 'https://example.com', user_id: user.id, aliases: ['one', 'two', 'three'] }
  const link = (await request('POST', '/urls', { json })).json
  const { rows } = await app.database.pool.query(
    'SELECT id, user_id, is_active FROM urls WHERE alias_of = $1',
    [link.id]
  )
  t.ok(
    rows.length === 3 &&
      rows.every(({ id, user_id, is_active }) => Number(id) < 0 && user_id === null && !is_active)
  )
  const id = rows[0]?.id
  const paths = ['/urls/ID', '/urls/ID/history', '/urls/ID/stats', '/urls/ID/restore'].map((path) =>
    path.replace('ID', id)
  )
  const answers = await Promise.all(
    paths.map((path) => request(path.endsWith('restore') ? 'POST' : 'GET', path))
  )
  t.same(
    answers.map(({ status }) => status),
    [404, 404, 404, 404]
  )
  t.equal((await request('GET', '/urls?per_page=1&page=1')).headers.get('x-total-count'), '1')
  t.equal((await request('GET', '/urls?sort=-created_at&count=true')).headers.get('x-total-count'), '1')
  const exported = (await request('GET', `/users/${user.id}/export`)).json
  t.match(exported.urls, [{ aliases: ['one', 'two', 'three'] }])
  t.equal(exported.urls.length, 1)
  await request('DELETE', `/users/${user.id}?cascade=true`)
  t.same(
    await Promise.all(['one', 'three'].map(async (code) => (await request('GET', `/${code}`)).status)),
    [404, 404]
  )
})

t.test('members do not transfer links', async (t) => {
  const key = `fl_${'a'.repeat(16)}_${'b'.repeat(43)}`
  const { request } = await startApp(t, { env: { AUTH: 'keys', ADMIN_KEY: key } })
  const admin = { 'x-api-key': key }
  const [ada, bob] = await Promise.all(
    ['ada', 'bob'].map(async (username) => {
      const draft = { username, email: `${username}@example.com` }
      return (await request('POST', '/users', { json: draft, headers: admin })).json
    })
  )
  const made = await request('POST', '/keys', {
    json: { name: 'one', role: 'member', user_id: ada.id },
    headers: admin
  })
  const headers = { 'x-api-key': made.json.key }
  const { json: link } = await request('POST', '/urls', {
    json: { original_url: 'https://example.com' },
    headers
  })
  const change = (json: object) => request('PATCH', `/urls/${link.id}`, { json, headers })
  const wrong = await change({ user_id: bob.id, title: 'Other' })
  t.match(wrong, { status: 403, json: { code: 'URL_TRANSFER_REFUSED', errors: [{ path: 'user_id' }] } })
  t.equal((await change({ user_id: null })).status, 403)
  t.equal((await change({ user_id: 999 })).status, 403, 'says nothing about other users')
  t.same((await request('GET', `/urls/${link.id}`, { headers })).json, link)
  t.equal((await change({ ...link, title: 'New' })).status, 200, 'the owner may be sent back')
  const transferred = await request('PATCH', `/urls/${link.id}`, {
    json: { user_id: bob.id },
    headers: admin
  })
  t.equal(transferred.status, 200)
  t.equal((await request('GET', `/urls/${link.id}`, { headers })).status, 404)
})
