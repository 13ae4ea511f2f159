import t from 'tap'
import { createContext, makeWarmLink, sendVisitors } from '#testing/click-context.ts'
import { missing } from '#testing/programs.ts'
import { until } from '#testing/until.ts'

/** Each redirect is stored as one event, whichever part fails under load. */

const skip = missing('redis-server')

t.test('without Redis a warm link redirects, and no click is lost', { skip }, async (t) => {
  const context = await createContext(t)
  const server = await context.start()
  await makeWarmLink(server, 'warm')
  const visitors = sendVisitors(server, '/warm')
  await visitors.untilGiven(200)
  await context.redis.kill()
  await visitors.untilGiven(500)
  await context.redis.start()
  await visitors.untilGiven(500)
  await visitors.leave()
  t.equal(visitors.aggregate.refused.size, 0, 'no redirect was refused')
  t.equal(visitors.aggregate.unanswered, 0)
  const given = visitors.aggregate.given + 1
  t.same(await context.stored(given), { clicks: given, distinct: given })
})

t.test('without PostgreSQL a warm link redirects, a cold one and writes are 503', { skip }, async (t) => {
  const context = await createContext(t)
  const server = await context.start()
  await makeWarmLink(server, 'warm')
  const visitors = sendVisitors(server, '/warm')
  await visitors.untilGiven(200)
  await context.postgres.kill()
  await visitors.untilGiven(500)
  const cold = await server.request('GET', '/never-asked')
  t.equal(cold.status, 503, 'its existence is unknown')
  t.ok(Number(cold.headers.get('retry-after')) > 0)
  const write = await server.request('POST', '/shorten', { json: { url: 'https://example.com' } })
  t.equal(write.status, 503)
  t.match(write.headers.get('content-type'), 'problem+json')
  await context.postgres.start()
  await visitors.untilGiven(500)
  await visitors.leave()
  t.equal(visitors.aggregate.refused.size, 0)
  const given = visitors.aggregate.given + 1
  t.same(await context.stored(given), { clicks: given, distinct: given })
  t.equal((await server.request('POST', '/shorten', { json: { url: 'https://example.com' } })).status, 201)
  t.equal((await server.request('GET', '/never-asked')).status, 404, 'without a restart')
})

t.test('with both away clicks wait on the disk, over a kill -9 too', { skip }, async (t) => {
  const context = await createContext(t)
  const server = await context.start()
  await makeWarmLink(server, 'warm')
  const visitors = sendVisitors(server, '/warm')
  await visitors.untilGiven(100)
  await Promise.all([context.redis.kill(), context.postgres.kill()])
  await visitors.untilGiven(500)
  await visitors.leave()
  t.equal(visitors.aggregate.refused.size, 0)
  await server.end('SIGKILL')
  await Promise.all([context.redis.start(), context.postgres.start()])
  // After this time the new server also takes over the batches of the dead server's consumer.
  await context.start({ CLICK_TAKE_OVER_MS: '200' })
  const given = visitors.aggregate.given + 1
  t.same(await context.stored(given), { clicks: given, distinct: given })
})

t.test('a replica killed with -9 under load loses no click that it answered for', { skip }, async (t) => {
  const context = await createContext(t)
  const server = await context.start()
  await makeWarmLink(server, 'warm')
  const width = 8
  const visitors = sendVisitors(server, '/warm', width)
  await visitors.untilGiven(500)
  await server.end('SIGKILL')
  await visitors.leave()
  await context.start({ CLICK_TAKE_OVER_MS: '200' })
  const given = visitors.aggregate.given + 1
  const { clicks, distinct } = await context.stored(given)
  t.equal(clicks, distinct, 'none is there twice')
  t.ok(clicks >= given, `${clicks} of ${given}`)
  t.ok(clicks <= given + width, 'beyond those given only what was on its way')
})

t.test('a worker killed with -9 is taken over, and nothing is stored twice', { skip }, async (t) => {
  const context = await createContext(t)
  const server = await context.start({ CLICK_DRAIN: 'off' })
  await makeWarmLink(server, 'warm')
  const { startWorker } = await import('#testing/process.ts')
  const worker = await startWorker(t, { ...context.env, CLICK_TAKE_OVER_MS: '200' })
  const visitors = sendVisitors(server, '/warm')
  await visitors.untilGiven(300)
  await worker.end('SIGKILL')
  await visitors.untilGiven(300)
  await startWorker(t, { ...context.env, CLICK_TAKE_OVER_MS: '200' })
  await visitors.untilGiven(100)
  await visitors.leave()
  const given = visitors.aggregate.given + 1
  t.same(await context.stored(given), { clicks: given, distinct: given })
})

t.test('a Redis that lost its data has its stream and group again', { skip }, async (t) => {
  const context = await createContext(t)
  const server = await context.start()
  await makeWarmLink(server, 'warm')
  await context.stored(1)
  const { Redis } = await import('ioredis')
  const redis = new Redis(context.redis.url)
  t.teardown(() => redis.disconnect())
  await redis.flushall()
  const visitors = sendVisitors(server, '/warm', 2)
  await visitors.untilGiven(20)
  await visitors.leave()
  const given = visitors.aggregate.given + 1
  t.same(await context.stored(given), { clicks: given, distinct: given })
})

t.test('unreadable entries are set aside, and later ones are stored', { skip }, async (t) => {
  const context = await createContext(t)
  const server = await context.start()
  const { Redis } = await import('ioredis')
  const redis = new Redis(context.redis.url)
  t.teardown(() => redis.disconnect())
  await redis.xadd('fairlead:clicks', '*', 'batch', '{"not":"a batch"}')
  await redis.xadd('fairlead:clicks', '*', 'other', 'field')
  await makeWarmLink(server, 'warm')
  t.same(await context.stored(1), { clicks: 1, distinct: 1 })
  t.equal(await redis.xlen('fairlead:clicks:dead'), 2)
  await until(async () => (await redis.xlen('fairlead:clicks')) === 0)
  const { text } = await server.request('GET', '/metrics')
  t.match(text, 'fairlead_clicks_total{outcome="deadLettered"} 2')
})
