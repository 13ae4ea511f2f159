import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { missing, startNginx } from '#testing/servers.ts'

const TEMPLATE = readFileSync(join(import.meta.dirname, 'fairlead.conf.template'), 'utf8')
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
  const values: Record<string, string> = {
    FAIRLEAD_UPSTREAM: upstream.map((host) => `server ${host} max_fails=0;`).join(' ')
  }
  const { url } = await startNginx(t, (port, folder) => {
    const site = TEMPLATE.replace(/\$\{(\w+)\}/g, (_all, name: string) => values[name] ?? `127.0.0.1:${port}`)
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${folder}/${name};`)
      .join(' ')
    return `pid ${folder}/nginx.pid; events {} http { access_log off; ${paths}\n${site} }`
  })
  return { url, state }
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

t.test('metrics are for those inside', { skip }, async (t) => {
  const { url } = await startPair(t)
  t.equal((await fetch(`${url}/metrics`)).status, 404)
})
