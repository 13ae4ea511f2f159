import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { listen } from '#testing/listen.ts'
import { findCommand, missing } from '#testing/programs.ts'
import { filesIn, renderSite, upstreamOf } from './render.ts'
import { createEcho, readAccessLog, startPair, startSite } from './sites.ts'

/** The requests nginx accepts, its own answers and its log. */

const skip = missing('nginx')

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

t.test('nothing that a client says of the way to it reaches a replica', { skip }, async (t) => {
  const upstream = upstreamOf([await listen(t, createEcho())])
  const { url } = await startSite(t, { UPSTREAM: upstream })
  const names = ['for', 'host', 'proto', 'port', 'prefix', 'server', 'scheme', 'ssl', 'by']
  const sent = ['forwarded', 'x-real-ip', 'x-visit-id', ...names.map((name) => `x-forwarded-${name}`)]
  // One request for each location: the API, a redirect, a repeatable request, a file.
  for (const [method, path, more] of [
    ['GET', '/users', {}],
    ['GET', '/abc', {}],
    ['POST', '/urls', { 'idempotency-key': 'k' }],
    ['POST', '/urls/bulk', {}]
  ] as const) {
    const headers = { ...Object.fromEntries(sent.map((name) => [name, 'evil.example'])), ...more }
    const answer = (await (await fetch(url + path, { method, headers })).json()) as {
      headers: Record<string, string>
    }
    t.notMatch(JSON.stringify(answer.headers), 'evil.example', path)
    t.match(answer.headers, {
      host: new URL(url).host,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http'
    })
  }
})

t.test('internal paths are 404 from outside', { skip }, async (t) => {
  const { url, state } = await startPair(t)
  const paths = [
    '/metrics',
    '/metrics/',
    '/metrics?a=b',
    '/metrics/?a',
    '//metrics',
    '/%6detrics',
    '/./metrics'
  ]
  for (const path of [...paths, '/health/ready', '/health/ready/']) {
    const answer = await fetch(url + path)
    t.equal(answer.status, 404, path)
    t.equal(answer.headers.get('content-type'), 'application/problem+json')
    t.match(await answer.json(), { status: 404, code: 'NOT_FOUND', request_id: /^[0-9a-f]{32}$/ })
  }
  t.equal(state.connections, 0)
  t.equal((await fetch(`${url}/metricsx`)).status, 200, 'which may be a short link')
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

t.test('the status and body agree when all replicas hang', { skip }, async (t) => {
  const hanging = createServer(() => undefined)
  const { url, folder } = await startSite(t, { UPSTREAM: upstreamOf([await listen(t, hanging)]) })
  const answer = await fetch(`${url}/a`)
  t.equal(answer.status, 504)
  t.match(await answer.json(), { code: 'UNANSWERED', status: 504 })
  const [line] = await readAccessLog(folder, 1)
  t.ok(Number(line?.['ms']) >= 6_000 && Number(line?.['ms']) < 60_000, 'milliseconds, of two tries')
  t.ok(Number(line?.['replica_ms']) >= 3_000, 'and of the last one')
})

t.test(
  'what nginx measures is a number in its log, or null, whatever became of the request',
  { skip },
  async (t) => {
    const { url, folder } = await startPair(t)
    for (const path of ['/a', '/a', '/metrics']) await fetch(url + path)
    const body = 'x'.repeat(2 * 1024 * 1024 + 1)
    for (const sent of ['{}', '{}', body]) await fetch(`${url}/urls`, { method: 'POST', body: sent })
    const lines = await readAccessLog(folder, 6)
    t.ok(lines.some(({ replica }) => replica.includes(', ')) && lines.some(({ replica }) => replica === ''))
    for (const line of lines) {
      for (const name of ['status', 'bytes', 'ms']) t.type(line[name], 'number', name)
      const isAsked = line.replica !== ''
      for (const name of ['replica_status', 'replica_connect_ms', 'replica_ms'])
        t.equal(line[name] === null, !isAsked, `${name} ${line[name]}`)
    }
  }
)

t.test('a request leaves a replica that hangs for another one', { skip }, async (t) => {
  let asked = 0
  const hanging = createServer(() => asked++)
  const living = createServer((_request, response) => response.end('{}'))
  const { url } = await startSite(t, {
    UPSTREAM: upstreamOf([await listen(t, hanging), await listen(t, living)])
  })
  for (const path of ['/a', '/s/a', '/urlsx']) {
    const before = asked
    const statuses: number[] = []
    while (asked === before) statuses.push((await fetch(url + path)).status)
    t.ok(
      statuses.every((status) => status === 200),
      `${path}: ${statuses}`
    )
  }
})

t.test('an address that sends too many requests gets 429', { skip }, async (t) => {
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
    const upstream = upstreamOf([await listen(t, createEcho())])
    const { url, folder } = await startSite(t, { UPSTREAM: upstream, TRUSTED: '127.0.0.1' })
    const ask = async (headers: Record<string, string>) =>
      ((await (await fetch(`${url}/a?secret=1`, { headers })).json()) as { headers: Record<string, string> })
        .headers
    const seen = await ask({ 'x-forwarded-for': '6.6.6.6, 9.9.9.9', 'x-request-id': 'theirs-1' })
    t.match(seen, { 'x-forwarded-for': '9.9.9.9', 'x-request-id': 'theirs-1' })
    t.match(await ask({ 'x-request-id': 'not a token' }), { 'x-request-id': /^[0-9a-f]{32}$/ })
    const lines = await readAccessLog(folder, 2)
    t.match(lines[0], {
      request_id: 'theirs-1',
      method: 'GET',
      path: '/a',
      status: 200,
      bytes: Number,
      ms: Number,
      replica_statuses: '200',
      replica_status: 200,
      replica_connect_ms: Number,
      replica_ms: Number
    })
    t.notMatch(JSON.stringify(lines), /secret|9\.9\.9\.9/, 'neither queries nor addresses are kept')
  }
)

for (const replicas of [1, 2, 6, 12]) {
  t.test(`it is a configuration for ${replicas} replicas`, { skip }, async (t) => {
    const folder = t.testdir()
    const hosts = Array.from({ length: replicas }, (_, index) => `127.0.0.1:${9_000 + index}`)
    const site = renderSite({ LISTEN: '127.0.0.1:8999', UPSTREAM: upstreamOf(hosts) })
    await writeFile(
      join(folder, 'nginx.conf'),
      `pid ${folder}/nginx.pid; events {} http { ${filesIn(folder)}\n${site} }`
    )
    const { status, stderr } = spawnSync(
      findCommand('nginx') ?? '',
      ['-t', '-p', folder, '-c', 'nginx.conf', '-e', 'stderr'],
      { encoding: 'utf8' }
    )
    t.equal(status, 0, stderr)
    const [, upstream = ''] = /upstream fairlead \{([^}]*)\}/.exec(site) ?? []
    t.equal(upstream.match(/\bserver 127\.0\.0\.1:\d+ max_fails=0;/g)?.length, replicas)
    for (const line of ['zone fairlead 256k;', 'least_conn;', 'keepalive 256;']) t.match(upstream, line)
    t.notMatch(site.replaceAll(/^ *#.*$/gm, ''), 'FAIRLEAD_', 'nothing is left open')
  })
}
