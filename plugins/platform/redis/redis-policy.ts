import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { repeat } from '#platform/async/repeat.ts'
import { nodesOf } from './redis-cluster.ts'

const CHECK_EVERY_MS = 60_000

/**
 * Warns when Redis may evict keys without an expiry. With `maxmemory-policy allkeys-…` it evicts the stream
 * of acknowledged clicks when its memory is full. The plugin reads the policy at each connection and every
 * minute, because it can change at runtime.
 */
async function redisPolicy(app: FastifyInstance, { everyMs = CHECK_EVERY_MS }: { everyMs?: number }) {
  if (!app.hasDecorator('redis')) return
  const { redis } = app
  let evicts: boolean | null = null

  async function check(): Promise<void> {
    try {
      const infos = await Promise.all(nodesOf(redis).map((node) => node.info('memory')))
      const policies = infos.map((info) => /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? '')
      const policy = policies.find((one) => one.startsWith('allkeys-'))
      if (policy !== undefined && evicts !== true)
        app.log.warn({ policy }, 'Redis may evict acknowledged clicks; set maxmemory-policy to volatile-lru')
      evicts = policy !== undefined
    } catch (error) {
      app.log.debug({ err: error }, 'reading the Redis policy failed')
    }
  }

  const { client } = app.metrics
  new client.Gauge({
    name: 'fairlead_redis_evicts',
    help: 'Whether Redis may evict acknowledged clicks; no value until it has told its policy',
    registers: [client.register],
    collect() {
      if (evicts === null) this.remove()
      else this.set(evicts ? 1 : 0)
    }
  })
  const run = repeat(app, everyMs, check)
  redis.on('ready', () => void run())
  if (redis.status === 'ready') await run()
}

export default fp(redisPolicy, { name: 'redis-policy', dependencies: ['metrics', 'redis'], fastify: '5.x' })
