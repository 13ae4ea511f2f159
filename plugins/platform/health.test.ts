import fastify from 'fastify'
import fp from 'fastify-plugin'
import t, { type Test } from 'tap'
import { createClient } from '#testing/app.ts'
import health from './health.ts'
import lifecycle from './lifecycle.ts'

/** The probes over parts that the test owns. */
async function startHealth(t: Test, parts: { database?: () => Promise<void>; cache?: () => Promise<void> }) {
  const lines: { msg: string; status?: string }[] = []
  const app = fastify({
    logger: { level: 'warn', stream: { write: (line) => void lines.push(JSON.parse(line)) } }
  })
  const well = async () => undefined
  for (const name of ['database', 'cache'] as const) {
    const part = { ping: parts[name] ?? well }
    await app.register(fp(async (app) => void app.decorate<unknown>(name, part), { name }))
  }
  await app.register(lifecycle, { drainMs: 1_000, lingerMs: 0 })
  await app.register(health, { routes: true, timeoutMs: 50 })
  t.teardown(() => app.close())
  return { app, lines, request: createClient(await app.listen({ port: 0, host: '127.0.0.1' })) }
}

const fail = async () => {
  throw new Error('nobody there')
}
const hang = () => new Promise<void>(() => undefined)

t.test('is ready when all parts answer, and says how fast', async (t) => {
  const { request, lines } = await startHealth(t, {})
  const { status, json } = await request('GET', '/health/ready')
  t.equal(status, 200)
  const check = { status: 'ok', ms: Number }
  t.match(json, { status: 'ok', checks: { database: check, cache: check } })
  t.same(lines, [])
})

t.test('is not ready without the database, and names it', async (t) => {
  const { request, lines } = await startHealth(t, { database: fail })
  const { status, json } = await request('GET', '/health/ready')
  t.equal(status, 503)
  t.equal(json.status, 'unavailable')
  t.match(json.checks, { database: { status: 'failed', error: 'nobody there' }, cache: { status: 'ok' } })
  t.match(lines, [{ msg: 'not fully ready', status: 'unavailable' }], 'it is worth a line')
  t.equal((await request('GET', '/health/live')).status, 200, 'a restart would mend nothing')
  t.equal((await request('GET', '/health')).status, 200)
})

t.test('does not wait for a part that hangs', async (t) => {
  const { request } = await startHealth(t, { database: hang, cache: hang })
  const { status, json } = await request('GET', '/health/ready')
  t.equal(status, 503)
  const check = { status: 'failed', error: /no answer within 50 ms/ }
  t.match(json.checks, { database: check, cache: check })
})

t.test('serves on without the cache, and says that it is degraded', async (t) => {
  const { request } = await startHealth(t, { cache: fail })
  const { status, json } = await request('GET', '/health/ready')
  t.equal(status, 200)
  t.match(json, { status: 'degraded', checks: { cache: { status: 'failed', error: 'nobody there' } } })
})

t.test('is not ready on its way out', async (t) => {
  const { app, request } = await startHealth(t, {})
  const drained = app.lifecycle.drain()
  const { status, json } = await request('GET', '/health/ready')
  t.equal(status, 503)
  t.equal(json.status, 'draining')
  t.equal((await request('GET', '/health/live')).status, 200)
  await drained
})
