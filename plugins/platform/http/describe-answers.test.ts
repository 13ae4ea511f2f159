import t from 'tap'
import { startApp } from '#testing/app.ts'

/** What the description says of answers in general; that it is true is for apps/acceptance/hostile-input.test.ts. */

const { request } = await startApp(t)
const { paths } = (await request('GET', '/openapi.json')).json

t.test('every refusal is a problem, with its own content type and shape', async (t) => {
  let count = 0
  for (const [path, methods] of Object.entries<object>(paths))
    for (const [method, { responses }] of Object.entries(methods))
      for (const [status, answer] of Object.entries<{ content?: object; description: string }>(responses)) {
        if (Number(status) < 400 || path === '/health/ready') continue
        count++
        const [type, ...others] = Object.keys(answer.content ?? {})
        t.equal(type, 'application/problem+json', `${method} ${path} ${status}`)
        t.same(others, path.includes('{short_code}') ? others.filter((one) => one === 'text/html') : [])
        t.not(answer.description, 'Default Response')
      }
  t.ok(count > 100, `${count} refusals`)
})

t.test('an operation says how it refuses what its kind may be sent', async (t) => {
  const statuses = (path: string, method: string) => Object.keys(paths[path][method].responses)
  t.same(statuses('/urls', 'get'), ['200', '400', '422', '429', '503'])
  t.same(statuses('/urls/{id}', 'get'), ['200', '400', '404', '414', '422', '429', '503'])
  t.match(statuses('/urls', 'post').join(), /^201,400,403,404,409,410,413,415,422,429,503$/)
  t.same(statuses('/{short_code}', 'get'), ['302', '400', '403', '404', '410', '414', '429', '503'])
  t.ok(paths['/{short_code}'].get.responses['302'].headers.Location)
})

t.test('each operation that takes fields and answers some may warn of those that it ignores', async (t) => {
  type Content = Record<string, { schema: { properties?: object } }>
  type Operation = { requestBody?: { content: Content }; responses: Record<string, { content?: Content }> }
  const fieldsOf = (content: Content | undefined) => content?.['application/json']?.schema.properties
  let count = 0
  for (const [path, methods] of Object.entries<Record<string, Operation>>(paths))
    for (const [method, { requestBody, responses }] of Object.entries(methods)) {
      if (fieldsOf(requestBody?.content) === undefined) continue
      count++
      const [done] = Object.entries(responses).filter(([status]) => status.startsWith('2'))
      t.match(fieldsOf(done?.[1].content), { warnings: { type: 'array' } }, `${method} ${path}`)
    }
  t.ok(count >= 8, `${count} operations`)
})
