import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { hasRedis, profiles, startApp } from '#testing/app.ts'
import { until } from '#testing/until.ts'
import { groupFigures } from './figures.ts'
import { GROUPS, METRICS, SLO_RUNBOOKS } from './groups.ts'

/** `GET /api/system` without a Prometheus; ops/prometheus/overview.test.ts has one. */

const ADMIN = `fl_${'a'.repeat(16)}_${'b'.repeat(43)}`

interface Figure {
  name: string
  labels: Record<string, string>
  value: number
}

const figuresOf = (system: { groups: { name: string; figures: Figure[] }[] }, group: string): Figure[] =>
  system.groups.find(({ name }) => name === group)?.figures ?? []

const findValue = (figures: Figure[], name: string, labels: Record<string, string> = {}) =>
  figures.find(
    (figure) =>
      figure.name === name && Object.entries(labels).every(([label, one]) => figure.labels[label] === one)
  )?.value

profiles(t, async (t, profile) => {
  const { request } = await startApp(t, { profile })
  const read = async () => (await request('GET', '/api/system')).json

  t.test('shows the process that answers, and says so', async (t) => {
    const system = await read()
    t.match(system, {
      source: 'process',
      source_reason: 'PROMETHEUS_URL is not set',
      process: { pid: process.pid, version: /^\d+\.\d+\.\d+/, node: process.version, uptime_seconds: Number },
      postgres: { version: /^\d+\.\d+/, is_bundled: false },
      replicas: { expected: 1, known: [{ is_up: true, node: process.version }] },
      slos: null,
      alerts: null
    })
    t.equal(system.replicas.known.length, 1)
    t.same(
      system.groups.map(({ name }: { name: string }) => name),
      GROUPS.map(({ name }) => name)
    )
  })

  t.test('counts the hits of each tier, clicks and connections', async (t) => {
    const { json } = await request('POST', '/shorten', { json: { url: 'https://example.com' } })
    for (let at = 0; at < 3; at++) await request('GET', `/${json.short_code}`)
    const system = await until(read, (one) => {
      const clicks = figuresOf(one, 'clicks')
      return (findValue(clicks, 'fairlead_clicks_total', { outcome: 'stored' }) ?? 0) >= 3
    })
    const caches = figuresOf(system, 'caches')
    t.ok((findValue(caches, 'fairlead_cache_events_total', { cache: 'links', event: 'hits' }) ?? 0) >= 2)
    t.ok(findValue(caches, 'fairlead_cache_events_total', { cache: 'links', event: 'loads' }))
    const connections = figuresOf(system, 'database').filter(({ labels }) => 'state' in labels)
    t.same(connections.map(({ labels }) => labels['state']).sort(), ['busy', 'idle', 'waiting'])
    t.equal(
      findValue(figuresOf(system, 'redis'), 'fairlead_redis_connected'),
      profile === 'redis' ? 1 : undefined
    )
    t.ok(findValue(figuresOf(system, 'memory'), 'process_resident_memory_bytes'))
  })
})

t.test('is for administrators, and shows no secret', async (t) => {
  const secrets = {
    AUTH: 'keys',
    ADMIN_KEY: ADMIN,
    OIDC_ISSUER: 'https://id.example.com',
    OIDC_CLIENT_ID: 'fairlead',
    OIDC_CLIENT_SECRET: 'hunter2-hunter2-hunter2',
    PUBLIC_URL: 'https://sho.rt'
  }
  const { request } = await startApp(t, { profile: 'alone', env: secrets })
  const headers = { 'x-api-key': ADMIN }
  t.equal((await request('GET', '/api/system')).status, 401)
  for (const role of ['member', 'read-only']) {
    const json = { name: 'k', role, ...(role === 'member' && { user_id: await makeUser() }) }
    const { key } = (await request('POST', '/keys', { json, headers })).json
    t.match(await request('GET', '/api/system', { headers: { 'x-api-key': key } }), {
      status: 403,
      json: { code: 'SCOPE_MISSING' }
    })
  }
  async function makeUser() {
    const json = { username: 'ada', email: 'ada@example.com' }
    return (await request('POST', '/users', { json, headers })).json.id
  }
  const { status, text, json } = await request('GET', '/api/system', { headers })
  t.equal(status, 200)
  for (const secret of ['hunter2', 'b'.repeat(43)]) t.notMatch(text, secret)
  const setting = (wanted: string) => json.settings.find(({ name }: { name: string }) => name === wanted)
  t.match(setting('ADMIN_KEY'), { value: '(hidden)', default: null, is_default: false })
  t.match(setting('DATABASE_URL'), { value: /^postgres:\/\/\(hidden\)@/, is_default: false })
  t.match(setting('PUBLIC_URL'), { value: 'https://sho.rt', is_default: false })
  t.match(setting('CACHE_ENTRIES'), { value: '50000', default: '50000', is_default: true })
  t.match(setting('REDIS_URL'), { value: null, default: null, is_default: true })
})

t.test('falls back to the process if Prometheus does not answer', async (t) => {
  const answers = {
    'does not listen': null,
    fails: createServer((_request, response) => response.writeHead(500).end()),
    'is no Prometheus': createServer((_request, response) => response.end('<html>')),
    hangs: createServer(() => undefined)
  }
  for (const [name, server] of Object.entries(answers)) {
    const port =
      server === null
        ? 1
        : await new Promise<number>((done) => {
            server.listen(0, '127.0.0.1', () => done((server.address() as AddressInfo).port))
          })
    t.teardown(() => server?.close() && server.closeAllConnections())
    const env = { PROMETHEUS_URL: `http://127.0.0.1:${port}` }
    const { request } = await startApp(t, { profile: 'alone', env })
    const { json } = await request('GET', '/api/system')
    t.match(json, { source: 'process', source_reason: /^Prometheus does not answer: ./, slos: null }, name)
    t.ok(figuresOf(json, 'database').length > 0, name)
  }
})

t.test('combines the samples of processes', async (t) => {
  const sample = (name: string, value: number, labels = {}) => ({ name, value, labels })
  const groups = groupFigures([
    sample('fairlead_clicks_lag_seconds', 3, { instance: 'a' }),
    sample('fairlead_clicks_lag_seconds', 5, { instance: 'b' }),
    sample('fairlead_clicks_lag_seconds', Number.NaN, { instance: 'c' }),
    sample('fairlead_redis_connected', 1, { instance: 'a' }),
    sample('fairlead_redis_connected', 0, { instance: 'b' }),
    sample('fairlead_clicks_total', 2, { instance: 'a', outcome: 'deadLettered' }),
    sample('fairlead_clicks_total', 4, { instance: 'b', outcome: 'deadLettered' })
  ])
  const valuesOf = (group: string) => figuresOf({ groups }, group).map(({ labels, value }) => [labels, value])
  t.same(valuesOf('clicks'), [
    [{}, 5],
    [{ outcome: 'deadLettered' }, 6]
  ])
  t.same(valuesOf('redis'), [[{}, 0]])
  t.same(valuesOf('dead_letters'), [[{ outcome: 'deadLettered' }, 6]])
})

t.test('each metric exists, and each runbook', async (t) => {
  const { request } = await startApp(t, { profile: hasRedis() ? 'redis' : 'alone' })
  const { text } = await request('GET', '/metrics')
  const unknown = METRICS.filter(
    (name) => !text.includes(`# TYPE ${name} `) && !/memory_limit|backup|redis_evicts/.test(name)
  )
  t.same(unknown, [])
  const urls = [...GROUPS.map(({ runbook }) => runbook), ...Object.values(SLO_RUNBOOKS)]
  const folder = join(import.meta.dirname, '../../ops/runbooks')
  t.same(
    urls.filter((url) => !existsSync(join(folder, url.split('/').at(-1) ?? ''))),
    []
  )
})
