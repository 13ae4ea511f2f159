import fastify from 'fastify'
import t, { type Test } from 'tap'
import { defineProblems } from '#platform/problem/problem.ts'
import { Type } from '#schema/shapes/type.ts'
import { createClient } from '#testing/app.ts'
import errors from './errors.ts'

const { TEAPOT } = defineProblems({ TEAPOT: [418, 'A teapot', 'Order tea'] })

/** An app whose route `/` throws `thrown`. */
async function startThrowing(t: Test, thrown: unknown) {
  const lines: { level: number; err?: { message: string; stack: string } }[] = []
  const app = fastify({
    logger: { level: 'warn', stream: { write: (line) => void lines.push(JSON.parse(line)) } }
  })
  await app.register(errors)
  app.get('/', async () => {
    throw thrown
  })
  app.get('/callback', (_request, reply) => void reply.send(thrown))
  app.get('/hook', { onRequest: (_request, _reply, done) => done(thrown as Error) }, async () => 'never')
  const Shape = Type.Object({ count: Type.Integer() })
  app.get('/shape', { schema: { response: { 200: Shape } } }, async () => ({ count: 'many' }))
  t.teardown(() => app.close())
  return { lines, request: createClient(await app.listen({ port: 0, host: '127.0.0.1' })) }
}

t.test('an unexpected error is a bare 500, and the log has all of it', async (t) => {
  const { request, lines } = await startThrowing(t, new Error('the secret is in /etc/secret'))
  for (const path of ['/', '/callback', '/hook']) {
    const { status, json, headers, text } = await request('GET', path)
    t.equal(status, 500)
    t.equal(headers.get('content-type'), 'application/problem+json')
    t.match(json, { type: '/docs/errors#INTERNAL', status: 500, code: 'INTERNAL', instance: path })
    t.match(json.detail, json.request_id, 'the log line has the same id')
    t.notMatch(text, /secret|\.ts|at /)
    t.match(lines.pop(), {
      level: 50,
      reqId: json.request_id,
      err: { message: /secret/, stack: /errors\.test\.ts/ }
    })
  }
})

t.test('any thrown value is answered as a problem', async (t) => {
  for (const thrown of [
    'text',
    5,
    true,
    null,
    undefined,
    {},
    [],
    { statusCode: 'x' },
    { statusCode: 99 },
    { code: 5 }
  ]) {
    const { request } = await startThrowing(t, thrown)
    const { status, json } = await request('GET', '/')
    t.equal(status, 500, JSON.stringify(thrown))
    t.equal(json?.status, 500)
  }
})

t.test('a response that can not be serialized is an internal error', async (t) => {
  const { request, lines } = await startThrowing(t, null)
  const { status, json } = await request('GET', '/shape')
  t.equal(status, 500)
  t.equal(json.code, 'INTERNAL')
  t.match(lines.pop(), { level: 50 })
})

t.test('an expected problem has the members of its definition and is not logged', async (t) => {
  const errors = [{ path: 'spout', message: 'is short' }]
  const { request, lines } = await startThrowing(t, TEAPOT('Short and stout', { errors, retryAfter: 7 }))
  const { status, json, headers } = await request('GET', '/?private=1')
  t.equal(status, 418)
  t.equal(headers.get('retry-after'), '7')
  t.same(json, {
    type: '/docs/errors#TEAPOT',
    title: 'A teapot',
    status: 418,
    detail: 'Short and stout',
    instance: '/',
    error: 'Short and stout',
    code: 'TEAPOT',
    request_id: json.request_id,
    errors
  })
  t.same(lines, [])
})

t.test('database errors are 503, 422 or 500 by their code', async (t) => {
  const driverError = (code: string) =>
    Object.assign(new Error('driver'), { code, detail: 'Key (email)=(a@b.c)' })
  for (const [code, status, retryAfter] of [
    ['57P01', 503, '1'],
    ['08006', 503, '1'],
    ['53300', 503, '1'],
    ['57014', 503, '1'],
    ['40P01', 503, '1'],
    ['ECONNREFUSED', 503, '1'],
    ['22P05', 422, null],
    ['22021', 422, null],
    ['23505', 500, null],
    ['42P01', 500, null]
  ] as const) {
    const wrapped = new Error('Failed query: insert into secret', { cause: driverError(code) })
    for (const thrown of [driverError(code), wrapped]) {
      const { request } = await startThrowing(t, thrown)
      const answer = await request('GET', '/')
      t.equal(answer.status, status, code)
      t.equal(answer.headers.get('retry-after'), retryAfter)
      t.notMatch(answer.text, /secret|a@b\.c|driver/)
    }
  }
})
