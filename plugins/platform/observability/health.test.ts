import fastify from 'fastify'
import fp from 'fastify-plugin'
import t, { type Test } from 'tap'
import { createClient } from '#testing/app.ts'
import { healthRoutes } from './health.ts'
import lifecycle from './lifecycle.ts'

const PARTS = ['database', 'writes', 'cache', 'load'] as const

/** The probes over stub parts. */
async function startHealth(t: Test, parts: Partial<Record<(typeof PARTS)[number], () => Promise<void>>>) {
  const lines: { msg: string; status?: string }[] = []
  const app = fastify({
    logger: { level: 'warn', stream: { write: (line) => void lines.push(JSON.parse(line)) } }
  })
  const { database = well, writes = well, cache = well, load = well } = parts
  const doubles = {
    database: { ping: database, pingWrites: writes },
    cache: { ping: cache },
    shedding: { ping: load }
  }
  for (const [name, double] of Object.entries(doubles))
    await app.register(fp(async (app) => void app.decorate<unknown>(name, double), { name }))
  await app.register(lifecycle, { drainMs: 1_000, lingerMs: 0 })
  await app.register(healthRoutes, { timeoutMs: 50 })
  t.teardown(() => app.close())
  return { app, lines, request: createClient(await app.listen({ port: 0, host: '127.0.0.1' })) }
}

const well = async () => undefined
const fail = async () => {
  throw new Error('no answer')
}
const hang = () => new Promise<void>(() => undefined)

t.test('is ready when all checks pass, and reports their durations', async (t) => {
  const { request, lines } = await startHealth(t, {})
  const { status, json } = await request('GET', '/health/ready')
  t.equal(status, 200)
  t.equal(json.status, 'ok')
  t.same(Object.keys(json.checks), PARTS)
  for (const part of PARTS) t.match(json.checks[part], { status: 'ok', ms: Number })
  t.same(lines, [])
})

for (const part of PARTS)
  t.test(`is degraded but stays in service without ${part}, and names it`, async (t) => {
    const { request, lines } = await startHealth(t, { [part]: fail })
    const { status, json } = await request('GET', '/health/ready')
    t.equal(status, 200, 'held links are followed')
    t.equal(json.status, 'degraded')
    for (const one of PARTS)
      t.match(json.checks[one], one === part ? { status: 'failed', error: 'no answer' } : { status: 'ok' })
    t.match(lines, [{ msg: 'readiness degraded', status: 'degraded' }], 'it is worth a line')
    t.equal((await request('GET', '/health/live')).status, 200, 'a restart would mend nothing')
    t.equal((await request('GET', '/health')).status, 200)
  })

t.test('does not wait for a check that hangs', async (t) => {
  const { request } = await startHealth(t, { database: hang, cache: hang })
  const { json } = await request('GET', '/health/ready')
  const check = { status: 'failed', error: /no answer within 50 ms/ }
  t.match(json, { status: 'degraded', checks: { database: check, cache: check } })
})

t.test('shows no parameters of a statement', async (t) => {
  const writes = () => Promise.reject(new Error('Failed query: insert into "urls"\nparams: jane@example.com'))
  const { request } = await startHealth(t, { writes })
  const { text } = await request('GET', '/health/ready')
  t.match(text, 'insert into')
  t.notMatch(text, 'jane')
})

t.test('is not ready while draining', async (t) => {
  const { app, request } = await startHealth(t, {})
  const drained = app.lifecycle.drain()
  const { status, json } = await request('GET', '/health/ready')
  t.equal(status, 503)
  t.equal(json.status, 'draining')
  t.equal((await request('GET', '/health/live')).status, 200)
  await drained
})
