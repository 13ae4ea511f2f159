import { randomBytes } from 'node:crypto'
import { Agent } from 'node:http'
import t from 'tap'
import { type Answer, hasRedis, startApp } from '#testing/app.ts'
import { checkAnswer } from './check-answer.ts'
import type { HostileRequest } from './hostile.ts'
import { ALL_HOSTILE_TEXTS, HOSTILE_BODIES, HOSTILE_TEXTS } from './hostile-texts.ts'
import { type Document, type Operation, readOperations } from './openapi.ts'
import { send } from './send.ts'
import { createUrl, createUser } from './subject.ts'

/**
 * Sends the corpus of hostile texts in every described place: each part of a path, parameter, header, member
 * of a body and cell of a file. Each place gets one text of every kind, and each text many places. The
 * requests use the administrator's key, so that none fails for a missing scope.
 */

/** At most the number of imports that a server accepts at once. */
const AT_ONCE = 8
/** Headers that no operation describes. The platform or a proxy reads some of them. */
const HEADERS = [
  'authorization',
  'cookie',
  'x-request-id',
  'x-forwarded-for',
  'x-forwarded-host',
  'referer',
  'user-agent',
  'accept',
  'origin',
  'if-none-match',
  'content-type',
  'idempotency-key'
]

const key = `fl_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('base64url')}`
const complaints: string[] = []
const { url, request } = await startApp(t, {
  profile: hasRedis() ? 'redis' : 'alone',
  env: { AUTH: 'keys', ADMIN_KEY: key, RATE_LIMIT: 'off' },
  logger: { level: 'error', stream: { write: (line: string) => void complaints.push(line) } }
})
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
t.teardown(() => agent.destroy())
const credentials = { 'x-api-key': key }
const api: typeof request = (method, path, { headers = {}, ...options } = {}) =>
  request(method, path, { ...options, headers: { ...credentials, ...headers } })
await createUser(api)
await createUrl(api)
const operations = readOperations((await request('GET', '/openapi.json')).json as Document)

/** Sends all of `requests`, a few at once, and returns the faults of the answers. */
async function findAllFaults(requests: HostileRequest[]): Promise<string[]> {
  const faults: string[] = []
  const waiting = requests.values()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const one of waiting) faults.push(...checkAnswer(operations, one, await send(agent, url, one)))
    })
  )
  return faults
}

/**
 * The forms of a text in a path or a query: percent-encoded, and raw with the characters that HTTP allows.
 */
function spellings(text: string): string[] {
  const encoded = encodeURIComponent(text.toWellFormed()).slice(0, 6_000)
  const raw = text.replace(/[^\x21-\x7e]|[?#]/g, '').slice(0, 6_000)
  return [...new Set([encoded, raw])]
}

let samples = 0
/** One text of every kind, different with each call. */
function sampleTexts(): string[] {
  samples++
  return Object.values(HOSTILE_TEXTS).map((texts) => texts[samples % texts.length] ?? '')
}

/**
 * Node's client refuses characters that no header may contain (CR, LF, NUL); raw-http.test.ts sends those.
 */
function sampleHeaderValues(): string[] {
  return sampleTexts()
    .map((text) => Buffer.from(text).toString('latin1'))
    .map((text) => text.replace(/[^\t -~\u0080-\u00ff]/g, '').slice(0, 8_000))
    .filter((text) => text !== '')
}

const filled = ({ path }: Operation, value = '1') => path.replaceAll(/\{\w+\}/g, () => value)
const json = (value: unknown) => Buffer.from(JSON.stringify(value))

/** A valid request to `operation`; `change` makes it hostile. */
function ask(operation: Operation, change: Partial<HostileRequest>): HostileRequest {
  const isJson = operation.types.includes('application/json')
  const good = isJson ? json(Object.fromEntries(operation.members)) : null
  const headers = { ...credentials, ...(isJson && { 'content-type': 'application/json' }) }
  const { headers: more, ...others } = change
  return {
    method: operation.method,
    target: filled(operation),
    body: good,
    ...others,
    headers: { ...headers, ...more }
  }
}

t.ok(operations.length >= 30, `${operations.length} operations`)

for (const operation of operations) {
  t.test(`${operation.name} answers hostile texts as it is described`, async (t) => {
    const requests: HostileRequest[] = []
    if (operation.path.includes('{'))
      for (const spelt of sampleTexts().flatMap(spellings))
        requests.push(ask(operation, { target: filled(operation, spelt) }))
    for (const name of operation.query)
      for (const spelt of sampleTexts().flatMap(spellings))
        requests.push(ask(operation, { target: `${filled(operation)}?${name}=${spelt}` }))
    for (const name of operation.members.keys())
      for (const text of sampleTexts()) {
        const members = { ...Object.fromEntries(operation.members), [name]: text }
        requests.push(ask(operation, { body: json(members) }))
      }
    for (const name of operation.headers)
      for (const value of sampleHeaderValues()) requests.push(ask(operation, { headers: { [name]: value } }))
    const isBodied = operation.method !== 'GET' && operation.method !== 'HEAD'
    if (isBodied)
      for (const body of HOSTILE_BODIES)
        requests.push(
          ask(operation, { body: Buffer.from(body), headers: { 'content-type': 'application/json' } })
        )
    t.same(await findAllFaults(requests), [], `${requests.length} requests`)
  })
}

t.test('hostile headers get a described answer', async (t) => {
  const chosen = operations.filter(({ name }) => ['GET /urls', 'GET /{short_code}'].includes(name))
  t.equal(chosen.length, 2)
  const requests = chosen.flatMap((operation) =>
    HEADERS.flatMap((name) =>
      sampleHeaderValues().map((value) => ask(operation, { headers: { [name]: value } }))
    )
  )
  t.same(await findAllFaults(requests), [], `${requests.length} requests`)
})

t.test('no cell of a file is worse, and what is stored of it reads back as described', async (t) => {
  const files = {
    users: ['id', 'username', 'email', 'created_at'],
    urls: ['id', 'user_id', 'short_code', 'original_url', 'title', 'is_active', 'created_at', 'updated_at'],
    events: ['id', 'url_id', 'user_id', 'event_type', 'timestamp', 'details']
  }
  const good: Record<string, string> = {
    user_id: '1',
    url_id: '1',
    username: 'a',
    email: 'a@example.com',
    original_url: 'https://example.com',
    title: '',
    is_active: 'True',
    event_type: 'note',
    details: '{}'
  }
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
  let id = 1_000
  for (const [kind, columns] of Object.entries(files)) {
    const rows = ALL_HOSTILE_TEXTS.flatMap((text) =>
      columns.map((hostile) =>
        columns.map((column) => {
          if (column === hostile) return quote(text)
          if (column === 'id') return String(++id)
          if (column === 'short_code') return `c${id}`
          return good[column] ?? '2025-01-01 00:00:00'
        })
      )
    )
    const bulk = operations.find(({ name }) => name === `POST /${kind}/bulk`) as Operation
    const headers = { 'content-type': 'text/csv' }
    const body = Buffer.from(`${columns}\n${rows.map(String).join('\n')}\n`)
    const bodies = [body, ...ALL_HOSTILE_TEXTS.map((text) => Buffer.from(`${columns},${quote(text)}\n`))]
    t.same(await findAllFaults(bodies.map((body) => ask(bulk, { body, headers }))), [])
    const list = operations.find(({ name }) => name === `GET /${kind}`) as Operation
    t.same(await findAllFaults([ask(list, { target: `/${kind}?page=1&per_page=10000` })]), [])
    t.ok(((await api('GET', `/${kind}`)) as Answer).json.length > 50, 'some of it is stored')
  }
})

t.test('pages echo nothing of a request', async (t) => {
  for (const text of HOSTILE_TEXTS['markup'] ?? [])
    for (const path of [
      '/docs',
      '/docs/',
      '/docs/static/index.html',
      '/',
      '/docs/static/nothing',
      '/nothing'
    ])
      for (const target of [
        `${path}?q=${encodeURIComponent(text)}`,
        `${path}/${encodeURIComponent(text)}`,
        `${path}?${text.replace(/\s/g, '+')}`
      ]) {
        const answer = await send(agent, url, {
          method: 'GET',
          target,
          headers: { referer: text, 'user-agent': text },
          body: null
        })
        t.ok(answer.status < 500, `${answer.status} ${target}`)
        if (/html/.test(answer.headers.get('content-type') ?? '')) t.notOk(answer.text.includes(text), target)
      }
})

t.test('the server has nothing to complain of', async (t) => {
  t.same(complaints, [])
  t.equal(Object.getOwnPropertyNames(Object.prototype).includes('isAdmin'), false)
  t.equal((await api('GET', '/urls')).status, 200)
})
