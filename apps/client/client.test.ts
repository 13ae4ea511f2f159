import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { startApp } from '#testing/app.ts'
import { listen } from '#testing/listen.ts'
import { ApiError } from './api-error.ts'
import { createClient } from './client.ts'
import type { ClientOptions } from './send.ts'

const PROBLEM = { code: 'X', status: 503, title: 'Not now', detail: 'Not now; later', request_id: 'q-1' }
const ADMIN_KEY = `fl_0123456789abcdef_${'a'.repeat(43)}`

/** Starts a server with one answer for each request. Returns a client of it, and the requests. */
async function startOther(
  t: Test,
  answers: ((response: ServerResponse, request: IncomingMessage) => void)[],
  options: Partial<ClientOptions> = {}
) {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    answers[Math.min(requests.length, answers.length) - 1]?.(response, request)
  })
  const url = `http://${await listen(t, server)}`
  return { url, requests, client: createClient({ baseUrl: `${url}/`, ...options }) }
}

const answerJson =
  (status: number, json: unknown, headers: Record<string, string> = {}) =>
  (response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(json))
  }

t.test('reads and changes every kind of resource', async (t) => {
  const { url } = await startApp(t, { env: { AUTH: 'keys', ADMIN_KEY, RATE_LIMIT: 'off' } })
  const ids: string[] = []
  const client = createClient({ baseUrl: url, key: ADMIN_KEY, onRequestId: (id) => ids.push(id) })
  const { links, users, keys, events, blockedHosts } = client
  const user = await users.create({ username: 'ada', email: 'ada@example.com' })
  t.match(await users.change(user.id, { username: 'Ada' }), { id: 1, username: 'Ada' })
  const link = await links.create({ original_url: 'https://example.com', short_code: 'one', user_id: 1 })
  t.match(await links.shorten({ url: 'https://example.com' }), { id: 2 })
  t.match(await links.change(link.id, { title: 'First' }), { title: 'First' })
  t.match(await links.stats(1, { unit: 'week' }), { url_id: 1, unit: 'week' })
  t.match(await client.stats.get(), { links: 2, users: 1 })
  t.match(await events.create({ url_id: 1, event_type: 'seen' }), { event_type: 'seen' })
  t.match(await events.list({ event_type: 'seen' }), { rows: [{ url_id: 1 }], total: 1, next: null })
  t.match(await users.export(1), { user: { username: 'Ada' }, urls: [{ id: 1 }] })
  t.match(await blockedHosts.add({ host: '.bad.example' }), { host: '.bad.example' })
  t.equal(await blockedHosts.remove('.bad.example'), null)
  const key = await keys.create({ name: 'laptop', role: 'read-only' })
  t.match(await createClient({ baseUrl: url, key: key.key }).session.get(), {
    kind: 'key',
    role: 'read-only'
  })
  t.not((await keys.rotate(key.id)).key, key.key)
  t.equal(await keys.revoke(key.id), null)
  t.match(await client.audit.list({ resource: 'url', per_page: 1 }), {
    rows: [{}],
    total: null,
    next: String
  })
  t.equal(await links.remove(2, { reason: 'over' }), null)
  t.equal(await users.remove(1, { cascade: true }), null)
  t.equal(await users.erase(1), null)
  await t.rejects(links.get(1), { code: 'URL_UNKNOWN', status: 404 })
  t.equal(new Set(ids).size, ids.length)
  t.ok(ids.length >= 20, 'every answer has a request id')
})

t.test('each operation is one of the description, and has a key where creations are kept', async (t) => {
  const { request } = await startApp(t)
  const { paths } = (await request('GET', '/openapi.json')).json
  const sent: string[] = []
  const client = createClient({
    baseUrl: '',
    async fetch(path, init = {}) {
      const route = String(path).replace(/\/7(?=\/|$)/, '/{id}')
      const named = route
        .replace('/blocked-hosts/{id}', '/blocked-hosts/{host}')
        .replace('/tags/{id}', '/tags/{name}')
      const operation = paths[named]
      sent.push(`${init.method} ${route}`)
      const { parameters = [] } = operation?.[init.method?.toLowerCase() ?? ''] ?? {}
      const takesKey = parameters.some(
        ({ name }: { name: string }) => name.toLowerCase() === 'idempotency-key'
      )
      const hasKey = 'idempotency-key' in (init.headers as object)
      // Blocking a host twice has no further effect, so any key is accepted.
      const isFine = takesKey === hasKey || route === '/blocked-hosts'
      return Response.json(operation !== undefined && isFine ? [] : { wrong: route })
    }
  })
  const wrong: unknown[] = []
  for (const group of Object.values(client))
    for (const operation of Object.values(group) as ((...args: unknown[]) => Promise<unknown>)[]) {
      const answer = await operation(7).catch(() => operation({}))
      if ('wrong' in (answer as object)) wrong.push(answer)
    }
  t.same(wrong, [])
  t.ok(sent.length >= 28, `${sent.length} operations`)
})

t.test('a list is read to its end by `next`', async (t) => {
  const { url } = await startApp(t)
  const { links } = createClient({ baseUrl: url })
  for (const code of ['a', 'b', 'c'])
    await links.create({ original_url: `https://${code}.example`, short_code: code })
  const codes: string[] = []
  let query: string | null | { q: string; per_page: number } = { q: '.example', per_page: 2 }
  while (query !== null) {
    const page: Awaited<ReturnType<typeof links.list>> = await links.list(query)
    codes.push(...page.rows.map(({ short_code }) => short_code))
    t.equal(page.total, 3)
    query = page.next
  }
  t.same(codes, ['a', 'b', 'c'])
})

t.test('an error has the fields of the problem', async (t) => {
  const { url } = await startApp(t)
  const client = createClient({ baseUrl: url })
  const error = await client.links.create({ original_url: 'nowhere' }).catch((error) => error)
  t.ok(error instanceof ApiError)
  t.match(error, {
    name: 'ApiError',
    code: 'INPUT_INVALID',
    status: 422,
    title: 'The input is not valid',
    message: error.detail,
    errors: [{ path: 'original_url', message: String }],
    requestId: /^[\w-]+$/,
    retryAfter: null
  })
})

t.test('a repeated creation runs once', async (t) => {
  const { url } = await startApp(t)
  let isLost = true
  const client = createClient({
    baseUrl: url,
    // The first answer is lost on its way.
    async fetch(input, init) {
      const answer = await fetch(input, init)
      if (!isLost) return answer
      isLost = false
      throw new TypeError('fetch failed')
    }
  })
  t.match(await client.links.create({ original_url: 'https://example.com' }), { id: 1 })
  t.equal((await client.links.list()).total, 1)
  const twice = { idempotencyKey: 'my-own' }
  const first = await client.links.create({ original_url: 'https://example.com' }, twice)
  t.same(await client.links.create({ original_url: 'https://example.com' }, twice), first)
})

t.test('retries reads and creations that the server refuses for a moment, with the same key', async (t) => {
  const busy = answerJson(503, PROBLEM, { 'retry-after': '0' })
  const { client, requests } = await startOther(t, [busy, busy, answerJson(200, [])])
  t.match(await client.links.list(), { rows: [] })
  t.equal(requests.length, 3)
  const inUse = answerJson(409, { ...PROBLEM, code: 'IDEMPOTENCY_KEY_IN_USE' }, { 'retry-after': '0' })
  const other = await startOther(t, [busy, inUse, answerJson(201, { id: 1 })])
  t.match(await other.client.links.create({ original_url: 'https://example.com' }), { id: 1 })
  const keys = other.requests.map(({ headers }) => headers['idempotency-key'])
  t.match(keys[0], /^[0-9a-f]{32}$/)
  t.equal(keys.length, 3)
  t.equal(new Set(keys).size, 1)
})

t.test('does not retry changes, long waits, or more than twice', async (t) => {
  const failures: [string, number, number][] = []
  const count = async (
    name: string,
    wanted: number,
    seconds: string,
    call: (on: ReturnType<typeof createClient>) => Promise<unknown>
  ) => {
    const { client, requests } = await startOther(t, [answerJson(503, PROBLEM, { 'retry-after': seconds })])
    await t.rejects(call(client), { code: 'X', status: 503, requestId: 'q-1', retryAfter: Number(seconds) })
    if (requests.length !== wanted) failures.push([name, wanted, requests.length])
  }
  await count('a read', 3, '0', (client) => client.links.get(1))
  await count('a long wait', 1, '60', (client) => client.links.get(1))
  await count('a change', 1, '0', (client) => client.links.change(1, {}))
  await count('a removal', 1, '0', (client) => client.links.remove(1))
  await count('a key', 1, '0', (client) => client.keys.create({ name: 'x', role: 'admin' }))
  t.same(failures, [])
})

t.test('time-outs and aborted calls end at once', async (t) => {
  const { client, url, requests } = await startOther(t, [() => undefined])
  await t.rejects(client.links.get(1, { timeoutMs: 20 }), { code: 'TIMED_OUT', status: 0 })
  const reason = new Error('the page was left')
  const abort = new AbortController()
  const call = client.links.get(1, { signal: abort.signal })
  abort.abort(reason)
  await t.rejects(call, reason)
  const all = createClient({ baseUrl: url, signal: AbortSignal.abort(reason) })
  await t.rejects(all.links.get(1), reason)
  const busy = await startOther(t, [answerJson(503, PROBLEM, { 'retry-after': '9' })])
  const waits = busy.client.links.get(1, { timeoutMs: 200 })
  await t.rejects(waits, { code: 'TIMED_OUT' })
  t.equal(requests.length, 1)
})

t.test('answers of other servers are errors that say so', async (t) => {
  const page =
    (status: number, headers = {}) =>
    (response: ServerResponse) => {
      response.writeHead(status, { 'content-type': 'text/html', ...headers }).end('<html>\n502')
    }
  const get = async (answer: (response: ServerResponse) => void) => {
    const { client } = await startOther(t, [answer])
    return client.links.get(1).catch((error) => error)
  }
  t.match(await get(page(200)), {
    code: 'ANSWER_UNREADABLE',
    status: 200,
    detail: /is not a Fairlead server$/
  })
  t.match(await get(page(502)), {
    code: 'ANSWER_UNREADABLE',
    status: 502,
    detail: 'The server answered 502: <html> 502'
  })
  t.match(await get(page(308, { location: 'https://new.example' })), {
    code: 'REDIRECTED',
    detail: 'The server redirects to https://new.example; use that address'
  })
  t.match(await get((response) => response.destroy()), { code: 'UNREACHABLE', status: 0 })
  t.match(await get(answerJson(500, { ...PROBLEM, code: 7 })), { code: 'ANSWER_UNREADABLE' })
})

t.test('sends its key, the headers of a call, and ids as one segment of the path', async (t) => {
  const { client, requests } = await startOther(t, [answerJson(200, { id: 1 }, { etag: '"3"' })], {
    key: 'fl_1'
  })
  let tag: string | null = null
  await client.links.get(1, {
    headers: { 'if-none-match': '"2"' },
    onHeaders: (headers) => {
      tag = headers.get('etag')
    }
  })
  t.equal(tag, '"3"')
  t.match(requests[0]?.headers, { authorization: 'Bearer fl_1', 'if-none-match': '"2"' })
  await client.keys.revoke('../users/1?x#y')
  t.equal(requests[1]?.url, '/keys/..%2Fusers%2F1%3Fx%23y')
  for (const id of ['', '.', '..']) await t.rejects(client.keys.revoke(id), /is not an id/)
  t.equal(requests.length, 2)
})
