import { setTimeout as wait } from 'node:timers/promises'
import fastify from 'fastify'
import t, { type Test } from 'tap'
import requests from '#platform/http/request-log.ts'
import metrics from '#platform/observability/metrics.ts'
import { missing } from '#testing/programs.ts'
import { startRedis } from '#testing/servers.ts'
import redis from './index.ts'
import redisPolicy from './redis-policy.ts'

const skip = missing('redis-server')

async function startWith(t: Test, url: string) {
  const lines: { level: number; msg: string; policy?: string }[] = []
  const app = fastify({ logger: { stream: { write: (line: string) => void lines.push(JSON.parse(line)) } } })
  await app.register(metrics)
  await app.register(requests)
  await app.register(redis, { url, connectTimeoutMs: 300 })
  await app.register(redisPolicy, { everyMs: 20 })
  t.teardown(() => app.close())
  const gauge = async () => {
    const { body } = await app.inject('/metrics')
    return /^fairlead_redis_evicts (\d)$/m.exec(body)?.[1] ?? null
  }
  return { app, lines, gauge }
}

t.test('each policy that may evict clicks is measured, and warned of when it begins', { skip }, async (t) => {
  const { url } = await startRedis(t)
  const { app, lines, gauge } = await startWith(t, url)
  const warned = () => lines.flatMap(({ msg, policy }) => (msg.startsWith('Redis may evict') ? [policy] : []))
  for (const [policy, evicts] of [
    ['noeviction', '0'],
    ['allkeys-lru', '1'],
    ['volatile-lru', '0'],
    ['allkeys-lfu', '1'],
    ['volatile-ttl', '0'],
    ['allkeys-random', '1']
  ] as const) {
    await app.redis.config('SET', 'maxmemory-policy', policy)
    for (; (await gauge()) !== evicts; await wait(5));
  }
  t.same(warned(), ['allkeys-lru', 'allkeys-lfu', 'allkeys-random'])
})

t.test('the policy of a Redis that connects late is read at once', { skip }, async (t) => {
  const server = await startRedis(t, { args: ['--maxmemory-policy', 'allkeys-lru'] })
  await server.kill()
  const { lines, gauge } = await startWith(t, server.url)
  t.equal(await gauge(), null, 'nothing is known')
  await server.start()
  for (; (await gauge()) !== '1'; await wait(5));
  t.match(
    lines.filter(({ level, policy }) => level === 40 && policy !== undefined),
    [{ policy: 'allkeys-lru' }]
  )
})
