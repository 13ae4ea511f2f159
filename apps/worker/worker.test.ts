import t from 'tap'
import { createContext, makeWarmLink } from '#testing/click-context.ts'
import { type ListeningServer, startWorker } from '#testing/process.ts'
import { missing } from '#testing/programs.ts'
import { until } from '#testing/until.ts'

/** A worker beside a server that does not store clicks. */

const skip = missing('redis-server')

/** Returns the value of a metric without labels; undefined if it has none. */
async function readGauge({ request }: ListeningServer, name: string): Promise<number | undefined> {
  const { text } = await request('GET', '/metrics')
  const [, value] = new RegExp(`^${name} (\\S+)$`, 'm').exec(text) ?? []
  return value === undefined ? undefined : Number(value)
}

t.test('clicks wait in the stream, visible in metrics, until a worker stores them', { skip }, async (t) => {
  const context = await createContext(t)
  const server = await context.start({ CLICK_DRAIN: 'off' })
  await makeWarmLink(server, 'warm')
  for (let visit = 0; visit < 9; visit++) await server.request('GET', '/warm')
  const waiting = await readGauge(server, 'fairlead_clicks_stream_entries')
  t.ok(waiting && waiting > 0 && waiting <= 10, `${waiting} batches wait`)
  t.ok(((await readGauge(server, 'fairlead_clicks_lag_seconds')) ?? 0) > 0)

  const worker = await startWorker(t, context.env)
  t.same(await context.stored(10), { clicks: 10, distinct: 10 })
  await until(async () => (await readGauge(worker, 'fairlead_clicks_stream_entries')) === 0)
  t.equal(await readGauge(server, 'fairlead_clicks_lag_seconds'), 0)
  t.match((await worker.request('GET', '/metrics')).text, /^fairlead_clicks_total\{outcome="stored"\} 10$/m)
  t.equal((await worker.request('GET', '/health/ready')).json.status, 'ok')
  for (const path of ['/warm', '/urls', '/openapi.json'])
    t.equal((await worker.request('GET', path)).status, 404, `${path} is not for workers`)

  await context.redis.kill()
  t.equal(
    await readGauge(server, 'fairlead_clicks_stream_entries'),
    undefined,
    'the server does not measure it'
  )
  await until(async () => (await readGauge(server, 'fairlead_redis_connected')) === 0)
  await context.redis.start()
  t.same(await worker.end('SIGTERM'), { code: 0, signal: null })
})

t.test('a worker whose port is in use names the setting', { skip }, async (t) => {
  const context = await createContext(t)
  const first = await startWorker(t, context.env)
  const port = new URL(first.url).port
  await t.rejects(startWorker(t, { ...context.env, WORKER_PORT: port }), /set HOST or WORKER_PORT to another/)
})
