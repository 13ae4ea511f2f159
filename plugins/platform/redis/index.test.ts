import fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { missing } from '#testing/programs.ts'
import { findPort } from '#testing/server-process.ts'
import { startRedis } from '#testing/servers.ts'
import redis, { reconnectDelay } from './index.ts'

/** Starts an app with this plugin only, and keeps its log lines. */
async function startWith(t: Test, url: string | undefined) {
  const lines: { level: number; msg: string }[] = []
  const app = fastify({
    logger: { stream: { write: (line: string) => void lines.push(JSON.parse(line)) } }
  })
  await app.register(redis, { url, prefix: 'test:', connectTimeoutMs: 300 })
  t.teardown(() => app.close())
  return { app, lines }
}

/** Resolves at the next event. Unlike `once` of node:events, it ignores errors. */
function next(app: FastifyInstance, event: 'ready' | 'close' | 'reconnecting'): Promise<void> {
  return new Promise((done) => app.redis.once(event, () => done()))
}

t.test('decorates nothing without a url', async (t) => {
  const { app } = await startWith(t, undefined)
  t.notOk(app.hasDecorator('redis'))
})

t.test('waits longer between attempts to connect, up to about a second', async (t) => {
  for (const attempt of [1, 2, 5, 20, 1_000]) {
    const delay = reconnectDelay(attempt)
    t.ok(delay >= 40 && delay <= 1_200, `attempt ${attempt}`)
  }
})

t.test('without a server the app boots, fails fast and closes at once', async (t) => {
  const { app, lines } = await startWith(t, `redis://127.0.0.1:${await findPort()}`)
  t.ok(app.hasDecorator('redis'))
  await t.rejects(app.redis.get('a'), /enableOfflineQueue/)
  await app.close()
  await t.rejects(app.redis.get('a'))
  t.equal(lines.filter((line) => line.level === 40).length, 1, 'the outage is logged once')
})

t.test('with a Redis of its own', { skip: missing('redis-server') }, async (t) => {
  t.test('is connected when the boot is done, and puts the prefix before keys', async (t) => {
    const { url } = await startRedis(t)
    const { app } = await startWith(t, url)
    await app.redis.set('a', '1')
    t.equal(await app.redis.get('a'), '1')
    t.same(await app.redis.keys('*'), ['test:a'])
  })

  t.test('recovers by itself when Redis comes up after it', async (t) => {
    const server = await startRedis(t)
    await server.kill()
    const { app } = await startWith(t, server.url)
    const ready = next(app, 'ready')
    await server.start()
    await ready
    t.equal(await app.redis.ping(), 'PONG')
  })

  t.test('fails fast during an outage, logs it once, and recovers', async (t) => {
    const server = await startRedis(t)
    const { app, lines } = await startWith(t, server.url)
    const lost = next(app, 'close')
    await server.kill()
    await lost
    await t.rejects(app.redis.get('a'))
    for (let retries = 0; retries < 3; retries++) await next(app, 'reconnecting')
    const ready = next(app, 'ready')
    await server.start()
    await ready
    t.equal(await app.redis.ping(), 'PONG')
    t.same(
      lines.map((line) => line.level),
      [40, 30],
      'one warning, one all-clear'
    )
  })

  t.test('gives up on a Redis that hangs, and closes nevertheless', async (t) => {
    const server = await startRedis(t)
    const { app } = await startWith(t, server.url)
    server.freeze()
    await t.rejects(app.redis.get('a'), /timed out/)
    const pending = t.rejects(app.redis.get('b'))
    await app.close()
    server.thaw()
    await pending
  })
})
