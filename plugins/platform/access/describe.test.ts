import t, { type Test } from 'tap'
import { startApp } from '#testing/app.ts'

/** The OpenAPI description of access matches what the server does. */

interface Answered {
  description: string
  headers?: Record<string, unknown>
  content?: Record<string, unknown>
}
interface Operation {
  security?: Record<string, string[]>[]
  responses: Record<string, Answered>
}

async function describe(t: Test, env: Record<string, string>) {
  const running = await startApp(t, { env })
  const { paths, components } = (await running.request('GET', '/openapi.json')).json
  const operations = Object.entries<Record<string, Operation>>(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      ...operation
    }))
  )
  t.ok(operations.length >= 30, `${operations.length} operations`)
  return { ...running, operations, components }
}

const isWrite = (method: string) => !['GET', 'HEAD'].includes(method)

t.test('with keys each operation says which scope it takes and how it refuses', async (t) => {
  const { app, request, operations, components } = await describe(t, { AUTH: 'keys' })
  t.match(components.securitySchemes, {
    bearer: { type: 'http', scheme: 'bearer' },
    header: { type: 'apiKey', in: 'header', name: 'X-Api-Key' }
  })
  for (const { method, path, security = [], responses } of operations) {
    const pattern = path.replace(/\{(\w+)\}/g, ':$1')
    const name = `${method} ${path}`
    const route = app.access
      .routes()
      .find(
        (one) => one.method === method && one.url.replace(/\([^)]*\)/, '').replace(/(.)\/$/, '$1') === pattern
      )
    const requirement = route?.requirement ?? 'not found'
    const answer = await request(method, path.replace(/\{\w+\}/g, '1'))
    if (requirement === 'public') {
      t.same(security, [], name)
      t.not(answer.status, 401, name)
      t.notOk(responses['401']?.headers, `${name}: 401 only of what its body says`)
      continue
    }
    const roles = requirement === 'signed-in' ? [] : [requirement]
    t.same(
      security,
      Object.keys(components.securitySchemes).map((scheme) => ({ [scheme]: roles })),
      name
    )
    t.match(answer.headers.get('www-authenticate'), /^Bearer realm=/, name)
    t.equal(answer.status, 401, name)
    t.ok(responses['401']?.content?.['application/problem+json'], name)
    t.ok(responses['401']?.headers?.['WWW-Authenticate'], name)
    if (roles.length > 0) t.match(responses['403']?.description, 'SCOPE_MISSING', name)
  }
})

t.test('an open server describes no credentials', async (t) => {
  const { operations, components } = await describe(t, {})
  t.notOk(components.securitySchemes)
  for (const { method, path, security, responses } of operations) {
    t.same(security, [], `${method} ${path}`)
    t.notOk(responses['401']?.headers, `${method} ${path}`)
    const refusal = responses['403']?.description ?? ''
    t.notMatch(refusal, 'SCOPE_MISSING', `${method} ${path}`)
    t.equal(refusal.includes('ORIGIN_REFUSED'), isWrite(method), `${method} ${path}`)
  }
})
