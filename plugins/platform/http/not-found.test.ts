import t from 'tap'
import { startApp } from '#testing/app.ts'

t.test('requests without a route get 404 or 405, whatever their body', async (t) => {
  const { request } = await startApp(t)
  for (const [method, path, status] of [
    ['PATCH', '/users', 405],
    ['QUERY', '/users', 405],
    ['PATCH', '/no/such/path', 404]
  ] as const)
    for (const { body, type } of [
      { body: '{', type: 'application/json' },
      { body: 'x', type: 'text/plain' },
      { body: 'x', type: 'image/png' },
      { body: '['.repeat(60_000), type: 'application/json' }
    ]) {
      const answer = await request(method, path, { body, headers: { 'content-type': type } })
      t.equal(answer.status, status, `${method} ${path} ${type}`)
      t.equal(answer.headers.get('allow'), status === 405 ? 'GET, HEAD, POST' : null)
    }
  t.equal((await request('QUERY', '/users')).status, 405, 'a body that needs a type, without one')
  t.equal((await request('GET', '/users')).status, 200)
})

t.test('a missing file in a served folder is not found', async (t) => {
  const { request } = await startApp(t)
  const answer = await request('GET', '/docs/static/nothing.js')
  t.match(answer, { status: 404, json: { code: 'NOT_FOUND' } })
})
