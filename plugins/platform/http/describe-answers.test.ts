import t from 'tap'
import { startApp } from '#testing/app.ts'
import { resolveRefs } from '#testing/resolve-refs.ts'

/** The described responses. apps/acceptance/hostile-input.test.ts checks that the description is true. */

const { request } = await startApp(t)
const description = (await request('GET', '/openapi.json')).json
const { paths } = resolveRefs(description)

t.test('every refusal is a problem, with its own content type and shape', async (t) => {
  let count = 0
  for (const [path, methods] of Object.entries<object>(paths))
    for (const [method, { responses }] of Object.entries(methods))
      for (const [status, answer] of Object.entries<{ content?: object; description: string }>(responses)) {
        if (Number(status) < 400 || path === '/health/ready') continue
        count++
        const [type, ...others] = Object.keys(answer.content ?? {})
        t.equal(type, 'application/problem+json', `${method} ${path} ${status}`)
        t.same(others, /\{short_code\}(?!\/qr)/.test(path) ? ['text/html'] : [])
        t.not(answer.description, 'Default Response')
      }
  t.ok(count > 100, `${count} refusals`)
})

t.test('an operation describes the refusals of its kind', async (t) => {
  const statuses = (path: string, method: string) => Object.keys(paths[path][method].responses)
  t.same(statuses('/urls', 'get'), ['200', '400', '422', '429', '503'])
  t.same(statuses('/urls/{id}', 'get'), ['200', '304', '400', '404', '412', '414', '422', '429', '503'])
  t.match(statuses('/urls', 'post').join(), /^200,201,400,403,404,409,410,413,415,422,429,503$/)
  t.same(statuses('/{short_code}', 'get'), [
    '200',
    '301',
    '302',
    '307',
    '308',
    '400',
    '401',
    '403',
    '404',
    '410',
    '414',
    '429',
    '503'
  ])
  t.ok(paths['/{short_code}'].get.responses['302'].headers.Location)
  const { parameters, responses } = paths['/urls/{id}'].patch
  t.match(parameters, [{ in: 'path' }, { in: 'header', name: 'if-match' }])
  for (const status of ['200', '412']) t.ok(responses[status].headers.ETag, status)
})

t.test('an operation names each of its problems, with an example', async (t) => {
  const { content, description: text } = paths['/urls'].post.responses['409']
  t.match(text, '`URL_CODE_TAKEN`: The short code is taken')
  const { examples } = content['application/problem+json']
  t.same(Object.keys(examples), ['IDEMPOTENCY_KEY_IN_USE', 'URL_CODE_TAKEN'])
  t.match(examples.URL_CODE_TAKEN, {
    description: /Choose another/,
    value: { code: 'URL_CODE_TAKEN', status: 409 }
  })
})

t.test(
  'each operation has a name, a summary, known tags, and an example of each body and answer',
  async (t) => {
    const names = new Set<string>()
    const tags = description.tags.map(({ name }: { name: string }) => name)
    const faults: string[] = []
    for (const [path, methods] of Object.entries<object>(paths))
      for (const [method, operation] of Object.entries(methods)) {
        const { operationId, summary, responses, requestBody } = operation
        if (!/^[a-z][a-zA-Z]+$/.test(operationId) || names.has(operationId))
          faults.push(`${operationId} is no name`)
        names.add(operationId)
        if (!summary || !operation.tags.every((tag: string) => tags.includes(tag)))
          faults.push(`${method} ${path}`)
        const answers = Object.entries<{ content?: object }>(responses).filter(([status]) => status < '300')
        for (const { content = {} } of [requestBody ?? {}, ...answers.map(([, answer]) => answer)])
          for (const [type, media] of Object.entries<{ example?: unknown }>(content))
            if (!/^(multipart\/|image\/|text\/html$)/.test(type) && media.example === undefined)
              faults.push(`${method} ${path} has no example of ${type}`)
      }
    t.same(faults, [])
  }
)

t.test('schemas that clients handle are components', async (t) => {
  t.ok(
    ['Url', 'UrlDraft', 'UrlChange', 'User', 'Event', 'Problem'].every(
      (name) => name in description.components.schemas
    )
  )
  const { schema, example } = description.paths['/urls'].get.responses['200'].content['application/json']
  t.same(schema, { type: 'array', items: { $ref: '#/components/schemas/Url' } })
  t.match(example, [{ id: 1, short_code: 'oWCnNk' }])
})

t.test('the page of errors has an entry for each problem, which `type` links to', async (t) => {
  const { json } = await request('GET', '/urls/1')
  const [path, code] = json.type.split('#')
  const page = await request('GET', path)
  t.match([page.status, code], [200, 'URL_UNKNOWN'])
  t.match(page.headers.get('content-type'), /^text\/html/)
  t.match(page.text, `<h2 id="${code}">`)
})

t.test('each operation that takes and returns fields describes warnings about ignored ones', async (t) => {
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
