import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { missing, startNginx } from '#testing/servers.ts'
import { filesIn, renderSite, type SiteOptions, upstreamOf } from './render.ts'

const skip = missing('nginx')

/** Listens on a port of its own and is closed with the test. */
async function listen(t: Test, server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An nginx with the site as `options` say. */
function startSite(t: Test, options: Omit<SiteOptions, 'LISTEN'>) {
  return startNginx(t, (port, folder) => {
    const site = renderSite({
      LISTEN: `127.0.0.1:${port}`,
      ACCESS_LOG: `${folder}/access.log fairlead`,
      ...options
    })
    return `pid ${folder}/nginx.pid; events {} http { ${filesIn(folder)}\n${site} }`
  })
}

/**
 * nginx before a replica that takes each request and then hangs up, as one that is killed does, and one that answers
 * with what it was sent. `tries` counts the requests that reached the first.
 */
async function startPair(t: Test) {
  const state = { tries: 0, connections: 0 }
  const dying = createServer(async (request) => {
    await text(request)
    state.tries++
    request.socket.destroy()
  })
  const living = createServer(async (request, response) => {
    const { method, url, headers } = request
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ method, url, headers, body: await text(request) }))
  })
  living.on('connection', () => state.connections++)
  const upstream = [await listen(t, dying), await listen(t, living)]
  const { url, folder } = await startSite(t, { UPSTREAM: upstreamOf(upstream) })
  return { url, folder, state }
}

t.test(
  'a read goes to the next replica when one hangs up, and every one is answered',
  { skip },
  async (t) => {
    const { url, state } = await startPair(t)
    for (let times = 0; times < 10; times++) t.equal((await fetch(`${url}/oWCnNk`)).status, 200)
    t.ok(state.tries >= 3, 'one that failed is not left out: it may be back already')
  }
)

t.test('a write is sent once, unless its key makes it safe to send twice', { skip }, async (t) => {
  const { url, state } = await startPair(t)
  const write = (headers: Record<string, string> = {}) =>
    fetch(`${url}/urls`, { method: 'POST', body: '{"original_url":"https://acme.dev"}', headers })
  const statuses = new Set<number>()
  for (let times = 0; times < 6; times++) statuses.add((await write()).status)
  t.same([...statuses].sort(), [200, 502], 'what met the first is not tried again')
  t.equal(state.tries, 3)
  for (let times = 0; times < 6; times++) {
    const answer = await write({ 'idempotency-key': `k${times}` })
    t.equal(answer.status, 200)
    t.match(await answer.json(), {
      method: 'POST',
      url: '/urls',
      body: '{"original_url":"https://acme.dev"}'
    })
  }
  t.ok(state.tries > 3, 'some of them met the first')
})

t.test('connections to replicas are kept, and the client is named by address', { skip }, async (t) => {
  const { url, state } = await startPair(t)
  for (let times = 0; times < 20; times++) {
    const { headers } = (await (
      await fetch(`${url}/a`, { headers: { 'x-forwarded-for': '9.9.9.9' } })
    ).json()) as {
      headers: Record<string, string>
    }
    t.equal(headers['x-forwarded-for'], '127.0.0.1', 'not what the client says of itself')
    t.equal(headers['connection'], undefined)
    t.equal(`http://${headers['host']}`, url)
  }
  t.ok(state.connections <= 2, `${state.connections} connections`)
})

t.test('what is for those inside is not there for others', { skip }, async (t) => {
  const { url, state } = await startPair(t)
  for (const path of ['/metrics', '/health/ready']) {
    const answer = await fetch(url + path)
    t.equal(answer.status, 404)
    t.equal(answer.headers.get('content-type'), 'application/problem+json')
    t.match(await answer.json(), { status: 404, code: 'NOT_FOUND', request_id: /^[0-9a-f]{32}$/ })
  }
  t.equal(state.connections, 0)
})

t.test('what nginx itself answers is a problem too', { skip }, async (t) => {
  const { url, state } = await startPair(t)
  const large = await fetch(`${url}/urls`, { method: 'POST', body: 'x'.repeat(2 * 1024 * 1024 + 1) })
  t.equal(large.status, 413)
  t.match(await large.json(), { code: 'BODY_TOO_LARGE' })
  const before = state.tries
  let unanswered: Response
  do unanswered = await fetch(`${url}/urls`, { method: 'POST', body: '{}' })
  while (state.tries === before)
  t.equal(unanswered.status, 502)
  t.equal(unanswered.headers.get('content-type'), 'application/problem+json')
  t.match(await unanswered.json(), { code: 'UNANSWERED', status: 502 })
})

t.test('one address that asks too often is told to slow down', { skip }, async (t) => {
  const living = createServer((_request, response) => response.end('{}'))
  const upstream = upstreamOf([await listen(t, living)])
  const { url } = await startSite(t, { UPSTREAM: upstream, RATE: '1', BURST: '3' })
  const answers = await Promise.all(Array.from({ length: 12 }, () => fetch(`${url}/a`)))
  const refused = answers.filter(({ status }) => status === 429)
  t.ok(refused.length >= 8 - 1 && refused.length <= 8, `${refused.length} of 12`)
  t.equal(refused[0]?.headers.get('retry-after'), '1')
  t.match(await refused[0]?.json(), { code: 'TOO_MANY_REQUESTS' })
})

t.test(
  'the address that a trusted proxy names is believed, and one id is in both logs',
  { skip },
  async (t) => {
    const living = createServer((request, response) => response.end(JSON.stringify(request.headers)))
    const upstream = upstreamOf([await listen(t, living)])
    const { url, folder } = await startSite(t, { UPSTREAM: upstream, TRUSTED: '127.0.0.1' })
    const ask = async (headers: Record<string, string>) =>
      (await (await fetch(`${url}/a?secret=1`, { headers })).json()) as Record<string, string>
    const seen = await ask({ 'x-forwarded-for': '6.6.6.6, 9.9.9.9', 'x-request-id': 'theirs-1' })
    t.match(seen, { 'x-forwarded-for': '9.9.9.9', 'x-request-id': 'theirs-1' })
    t.match(await ask({ 'x-request-id': 'not a token' }), { 'x-request-id': /^[0-9a-f]{32}$/ })
    const lines = (await readFile(`${folder}/access.log`, 'utf8')).trim().split('\n')
    const logged = JSON.parse(lines[0] ?? '')
    t.match(logged, {
      request_id: 'theirs-1',
      method: 'GET',
      path: '/a',
      status: '200',
      replica_seconds: /^\d/
    })
    t.notMatch(lines.join(), /secret|9\.9\.9\.9/, 'neither queries nor addresses are kept')
  }
)

for (const replicas of [1, 6, 20]) {
  t.test(`it is a configuration for ${replicas} replicas`, { skip }, async (t) => {
    const hosts = Array.from({ length: replicas }, (_, index) => `127.0.0.1:${9_000 + index}`)
    const { url } = await startSite(t, { UPSTREAM: upstreamOf(hosts) })
    t.equal((await fetch(`${url}/a`)).status, 502, 'nobody is there')
  })
}
