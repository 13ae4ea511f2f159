import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { createEcho } from '#ops/nginx/sites.ts'
import { accepts } from '#testing/answers.ts'
import { makeFolder } from '#testing/folder.ts'
import { listen } from '#testing/listen.ts'
import { findCommand, missing } from '#testing/programs.ts'
import { findPort, runServer } from '#testing/server-process.ts'
import type { Program } from '#testing/server-programs.ts'

/**
 * The Caddyfile of the small deployment in a real Caddy, without TLS, with upstream servers made by the test.
 */

const skip = missing('caddy')

/** Starts Caddy with the upstream `upstream`, as `host:port`. */
async function startCaddy(t: Test, upstream: string) {
  const folder = await makeFolder(t)
  const port = await findPort()
  const [url, admin] = [`http://127.0.0.1:${port}`, `127.0.0.1:${await findPort()}`]
  const env = [`DOMAIN=${url}`, `UPSTREAM=${upstream}`, `CADDY_ADMIN=${admin}`, `HOME=${folder}`]
  const config = join(import.meta.dirname, 'Caddyfile')
  const program: Program = {
    url,
    command: 'env',
    args: [...env, findCommand('caddy') ?? '', 'run', '--adapter', 'caddyfile', '--config', config],
    stopSignal: 'SIGTERM',
    isReady: () => accepts(port)
  }
  return runServer(t, program, folder)
}

t.test('the server learns the address from Caddy, and no client can name a visit', { skip }, async (t) => {
  const { url } = await startCaddy(t, await listen(t, createEcho()))
  const sent = { 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'https', 'x-visit-id': 'mine' }
  const answer = await fetch(`${url}/away?a=b`, { headers: sent })
  const echo = (await answer.json()) as { url: string; headers: Record<string, string> }
  t.equal(echo.url, '/away?a=b')
  t.match(echo.headers, {
    host: new URL(url).host,
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http'
  })
  t.equal(echo.headers['x-visit-id'], undefined)
  t.equal(answer.headers.get('strict-transport-security'), 'max-age=31536000')
})

t.test('metrics and readiness stay inside', { skip }, async (t) => {
  const { url } = await startCaddy(t, await listen(t, createEcho()))
  for (const path of ['/metrics', '/metrics/', '/health/ready'])
    t.equal((await fetch(url + path)).status, 404)
  t.equal((await fetch(`${url}/health`)).status, 200)
})

t.test('a request waits for a server that restarts', { skip }, async (t) => {
  const port = await findPort()
  const caddy = await startCaddy(t, `127.0.0.1:${port}`)
  const client = connect(caddy.port, '127.0.0.1')
  await once(client, 'connect')
  client.write(`GET /away HTTP/1.1\r\nHost: 127.0.0.1:${caddy.port}\r\nConnection: close\r\n\r\n`)
  await listen(t, createEcho(), port)
  t.match(await text(client), /^HTTP\/1\.1 200 /)
})

t.test('a visit that reached the server is not sent twice', { skip }, async (t) => {
  let visits = 0
  const server = createServer((request) => {
    visits++
    request.socket.destroy()
  })
  const { url } = await startCaddy(t, await listen(t, server))
  t.equal((await fetch(`${url}/away`)).status, 502)
  t.equal(visits, 1)
})
