import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { startApp } from '#testing/app.ts'
import { listen } from '#testing/listen.ts'
import { missing } from '#testing/programs.ts'
import { findPort } from '#testing/server-process.ts'
import { UNLIMITED, upstreamOf } from './render.ts'
import { createEcho, readAccessLog, startPair, startSite } from './sites.ts'

/** nginx's retries of requests that a replica does not answer. */

const skip = missing('nginx')

t.test(
  'a read goes to the next replica when one hangs up, and every one is answered',
  { skip },
  async (t) => {
    const { url, state } = await startPair(t)
    for (let times = 0; times < 10; times++) t.equal((await fetch(`${url}/oWCnNk`)).status, 200)
    t.ok(state.tries >= 3, 'one that failed is not left out: it may be back already')
  }
)

t.test('a write is sent once, unless it is safe to send twice', { skip }, async (t) => {
  const { url, state } = await startPair(t)
  const write = (method = 'POST', headers: Record<string, string> = {}) =>
    fetch(`${url}/urls`, { method, body: '{"original_url":"https://acme.dev"}', headers })
  const statuses = new Set<number>()
  for (let times = 0; times < 6; times++) statuses.add((await write()).status)
  t.same([...statuses].sort(), [200, 502], 'what met the first is not tried again')
  t.equal(state.tries, 3)
  for (let times = 0; times < 6; times++) {
    const answer = await write('POST', { 'idempotency-key': `k${times}` })
    t.equal(answer.status, 200)
    t.match(await answer.json(), {
      method: 'POST',
      url: '/urls',
      body: '{"original_url":"https://acme.dev"}'
    })
  }
  t.ok(state.tries > 3, 'some of them met the first')
  const before = state.tries
  for (let times = 0; times < 6; times++) t.equal((await write('PUT')).status, 200)
  t.ok(state.tries > before, 'a PUT may be repeated without a key (RFC 9110, 9.2.2)')
})

t.test('a write with an Idempotency-Key leaves a replica that hangs', { skip }, async (t) => {
  let hung = 0
  const hanging = createServer(() => hung++)
  const hosts = [await listen(t, hanging), await listen(t, createEcho())]
  const { url } = await startSite(t, { UPSTREAM: upstreamOf(hosts) })
  const headers = { 'idempotency-key': 'k' }
  while (hung === 0)
    t.equal((await fetch(`${url}/urls`, { method: 'POST', body: '{}', headers })).status, 200)
  t.equal(hung, 1, 'the other one got the request')
})

t.test('one replica of six is enough for everything, for writes too', { skip }, async (t) => {
  const gone = await Promise.all(Array.from({ length: 5 }, () => findPort()))
  const hosts = [...gone.map((port) => `127.0.0.1:${port}`), await listen(t, createEcho())]
  const { url } = await startSite(t, { UPSTREAM: upstreamOf(hosts), ...UNLIMITED })
  const ask = (at: number) => fetch(`${url}/urls`, at % 2 ? { method: 'POST', body: '{}' } : {})
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(Array.from({ length: 60 }, (_, at) => ask(at)))
    t.same(new Set(answers.map(({ status }) => status)), new Set([200]), 'what was refused was never sent')
  }
})

t.test('replicas that were all down get requests as soon as they are back', { skip }, async (t) => {
  const ports = await Promise.all([findPort(), findPort()])
  const { url } = await startSite(t, { UPSTREAM: upstreamOf(ports.map((port) => `127.0.0.1:${port}`)) })
  for (let times = 0; times < 5; times++) t.equal((await fetch(`${url}/a`)).status, 502)
  await listen(t, createEcho(), ports[0])
  for (let times = 0; times < 5; times++) t.equal((await fetch(`${url}/a`)).status, 200)
})

/**
 * Starts a site whose replicas all refuse connections, or whose only replica reads each request and closes
 * the connection. The returned function sends a request and counts the attempts.
 */
async function startAlone(t: Test, isDying: boolean) {
  let arrivals = 0
  let asked = 0
  const dying = createServer(async (request) => {
    await text(request)
    arrivals++
    request.socket.destroy()
  })
  const host = isDying ? await listen(t, dying) : `127.0.0.1:${await findPort()}`
  const { url, folder } = await startSite(t, { UPSTREAM: upstreamOf([host]) })
  return async (method: string, headers: Record<string, string> = {}) => {
    arrivals = 0
    const body = method === 'POST' ? { body: '{}' } : {}
    const answer = await fetch(`${url}/urls/1`, { method, headers, ...body })
    asked++
    const line = (await readAccessLog(folder, asked)).at(-1)
    // nginx separates two passes over the list of replicas by a colon.
    const walks = line?.replica.split(' : ').length
    const { code } = (await answer.json()) as { code: string }
    return { status: answer.status, code, walks, arrivals }
  }
}

const problem = { status: 502, code: 'UNANSWERED' }

t.test(
  'a request that no replica received is retried once, with the current list of replicas',
  { skip },
  async (t) => {
    const ask = await startAlone(t, false)
    for (const [method, headers] of [['GET'], ['POST'], ['POST', { 'idempotency-key': 'k' }]] as const)
      t.same(await ask(method, headers), { ...problem, walks: 2, arrivals: 0 }, method)
  }
)

t.test('an unanswered request is retried once if it is repeatable', { skip }, async (t) => {
  const ask = await startAlone(t, true)
  for (const [method, headers] of [['GET'], ['PUT'], ['POST', { 'idempotency-key': 'k' }]] as const)
    t.same(await ask(method, headers), { ...problem, walks: 2, arrivals: 2 }, method)
  t.same(await ask('POST'), { ...problem, walks: 1, arrivals: 1 })
})

t.test('a visit is retried once when the only replica was too busy', { skip }, async (t) => {
  let asked = 0
  const busy = createServer((_request, response) => {
    if (++asked > 1) response.end()
  })
  const hosts = [`127.0.0.1:${await findPort()}`, await listen(t, busy)]
  const { url } = await startSite(t, { UPSTREAM: upstreamOf(hosts) })
  t.equal((await fetch(`${url}/oWCnNk`)).status, 200)
  t.equal(asked, 2)
})

t.test('an import that a replica refused goes to another one', { skip }, async (t) => {
  const hosts = [`127.0.0.1:${await findPort()}`, await listen(t, createEcho())]
  const { url } = await startSite(t, { UPSTREAM: upstreamOf(hosts) })
  for (let times = 0; times < 4; times++)
    t.equal((await fetch(`${url}/urls/bulk`, { method: 'POST', body: 'x'.repeat(100_000) })).status, 200)
})

t.test('each path of the API gets the timeout of the API, not that of a redirect', { skip }, async (t) => {
  const { app } = await startApp(t)
  const paths = app.access
    .routes()
    .flatMap(({ method, url }) => (method === 'GET' || method === 'POST' ? [`${method} ${url}`] : []))
    .filter((route) => /^\w+ \/[\w-]+$/.test(route) && !/ \/(metrics|health)$/.test(route))
  t.ok(paths.includes('POST /keys') && paths.length >= 12, paths.join())
  let asked = 0
  // Exceeds nginx's timeout for a redirect.
  const slow = createServer((_request, response) => {
    asked++
    setTimeout(() => response.end(), 3_500)
  })
  const { url } = await startSite(t, { UPSTREAM: upstreamOf([await listen(t, slow)]), ...UNLIMITED })
  const answers = paths.map(async (route) => {
    const [method = '', path = ''] = route.split(' ')
    const { status } = await fetch(url + path, { method })
    return `${route} ${status}`
  })
  t.same(
    await Promise.all(answers),
    paths.map((route) => `${route} 200`)
  )
  t.equal(asked, paths.length, 'each got one request')
})
