import t from 'tap'
import { startApp } from '#testing/app.ts'

t.test('a member sees the tags of its links only, and changes none', async (t) => {
  const admin = `fl_${'0'.repeat(16)}_${'A'.repeat(43)}`
  const { request } = await startApp(t, { env: { AUTH: 'keys', ADMIN_KEY: admin } })
  const as = (key: string) => (method: string, path: string, json?: unknown) =>
    request(method, path, { headers: { 'x-api-key': key }, ...(json !== undefined && { json }) })
  const root = as(admin)
  const users = []
  for (const username of ['ada', 'bob'])
    users.push((await root('POST', '/users', { username, email: `${username}@example.com` })).json.id)
  const { key } = (await root('POST', '/keys', { name: 'ada', role: 'member', user_id: users[0] })).json
  const ada = as(key)
  await root('POST', '/api/tags', { name: 'unused' })
  await root('POST', '/api/tags', { name: 'shared', color: '#123456' })
  await root('POST', '/urls', {
    original_url: 'https://a.dev',
    user_id: users[1],
    tags: ['shared', 'secret']
  })
  t.equal(
    (await ada('POST', '/urls', { original_url: 'https://a.dev', tags: ['shared', 'own'] })).status,
    201
  )
  t.same((await ada('GET', '/api/tags')).json, [
    { name: 'own', color: null, links: 1 },
    { name: 'shared', color: '#123456', links: 1 }
  ])
  const all = await root('GET', '/api/tags?page=2&per_page=3')
  t.same([all.json, all.headers.get('x-total-count')], [[{ name: 'unused', color: null, links: 0 }], '4'])
  t.same((await ada('GET', '/urls?tags=secret')).json, [])
  const answers = [
    await ada('POST', '/api/tags', { name: 'new' }),
    await ada('PATCH', '/api/tags/own', { name: 'new' }),
    await ada('POST', '/api/tags/own/merge', { into: 'shared' }),
    await ada('DELETE', '/api/tags/own')
  ]
  t.same(
    answers.map(({ status }) => status),
    [403, 403, 403, 403]
  )
})
