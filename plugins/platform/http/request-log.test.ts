import fastify from 'fastify'
import t from 'tap'
import metrics from '#platform/observability/metrics.ts'
import { createClient } from '#testing/app.ts'
import errors from './errors.ts'
import requests, { createRequestId, openRequest } from './request-log.ts'

t.test('only the routes of a scope with the hooks are logged and measured', async (t) => {
  const lines: Record<string, unknown>[] = []
  const app = fastify({
    logger: { stream: { write: (line) => void lines.push(JSON.parse(line)) } },
    genReqId: createRequestId
  })
  await app.register(metrics)
  await app.register(requests)
  await app.register(errors)
  await app.register(async (scope) => {
    scope.addHook('onRequest', openRequest)
    scope.addHook('onResponse', scope.logAnswer)
    scope.get('/things/:id', async () => 'thing')
    scope.get('/fails', async () => {
      throw new Error('broken')
    })
  })
  app.get('/hot', async () => 'hot')
  t.teardown(() => app.close())
  const request = createClient(await app.listen({ port: 0, host: '127.0.0.1' }))
  lines.length = 0

  const thing = await request('GET', '/things/5?private=1')
  const fails = await request('GET', '/fails')
  const hot = await request('GET', '/hot')

  t.match(thing.headers.get('x-request-id'), /^[\w-]{8}-1$/)
  t.equal(fails.headers.get('x-request-id'), fails.json.request_id)
  t.equal(hot.headers.get('x-request-id'), null)
  const seen = lines.filter(({ msg }) => msg === 'request')
  t.match(seen, [
    { route: '/things/:id', method: 'GET', status: 200, ip: '127.0.0.0', ms: Number, reqId: /-1$/ },
    { route: '/fails', method: 'GET', status: 500, reqId: fails.json.request_id }
  ])
  t.equal(seen.length, 2)
  const { text } = await request('GET', '/metrics')
  const count = (route: string) =>
    text.includes(`http_request_duration_seconds_count{method="GET",route="${route}"`)
  t.ok(count('/things/:id'))
  t.notOk(count('/things/5'), 'one row for all of them')
  t.notOk(count('/hot'))
})

t.test('two apps in one process have separate metrics', async (t) => {
  for (let at = 0; at < 2; at++) {
    const app = fastify()
    await app.register(metrics)
    await app.register(requests)
    await app.ready()
    t.teardown(() => app.close())
  }
})
