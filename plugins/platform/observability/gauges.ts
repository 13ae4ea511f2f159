import { totalmem } from 'node:os'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { boundedCaches } from '#platform/async/bounded-cache.ts'

/**
 * Exports plain counters of the platform to Prometheus: the database pool, the caches and the build. They are
 * read during a scrape, so that counting costs the hot path one increment.
 */
async function gauges(app: FastifyInstance, { version }: { version: string }) {
  const { client } = app.metrics
  const registers = [client.register]

  new client.Gauge({
    name: 'fairlead_database_connections',
    help: 'Connections of the pool by state; waiting is requests without one',
    labelNames: ['state'],
    registers,
    collect() {
      const { totalCount, idleCount, waitingCount } = app.database.pool
      this.set({ state: 'idle' }, idleCount)
      this.set({ state: 'busy' }, totalCount - idleCount)
      this.set({ state: 'waiting' }, waitingCount)
    }
  })

  new client.Counter({
    name: 'fairlead_cache_events_total',
    help: 'What look-ups in a cache met',
    labelNames: ['cache', 'event'],
    registers,
    collect() {
      this.reset()
      for (const [cache, stats] of Object.entries(app.cache.stats())) {
        const { size: _held, unknown: _unknown, invalidated: _invalidated, ...counts } = stats
        for (const [event, value] of Object.entries(counts)) this.inc({ cache, event }, value)
      }
    }
  })

  const readFullness = () => Object.entries({ ...app.cache.fullness(), ...boundedCaches() })
  new client.Gauge({
    name: 'fairlead_cache_entries',
    help: 'Entries held in process',
    labelNames: ['cache'],
    registers,
    collect() {
      for (const [cache, { size }] of readFullness()) this.set({ cache }, size)
    }
  })
  new client.Gauge({
    name: 'fairlead_cache_entries_max',
    help: 'Most entries that are held in process',
    labelNames: ['cache'],
    registers,
    collect() {
      for (const [cache, { max }] of readFullness()) this.set({ cache }, max)
    }
  })

  new client.Gauge({
    name: 'fairlead_redis_connected',
    help: 'Whether Redis is connected; no value where none is configured',
    registers,
    collect() {
      if (app.hasDecorator('redis')) this.set(app.redis.status === 'ready' ? 1 : 0)
      else this.remove()
    }
  })

  new client.Gauge({
    name: 'fairlead_database_standby_used',
    help: 'Whether lists and statistics are read from the standby; no value where none is configured',
    registers,
    collect() {
      const { usesStandby } = app.database
      if (usesStandby === null) this.remove()
      else this.set(usesStandby ? 1 : 0)
    }
  })

  new client.Gauge({
    name: 'fairlead_draining',
    help: 'Whether the process is on its way out',
    registers,
    collect() {
      this.set(app.lifecycle.draining ? 1 : 0)
    }
  })

  const memoryLimit = findMemoryLimit()
  if (memoryLimit !== null)
    new client.Gauge({
      name: 'fairlead_memory_limit_bytes',
      help: 'Memory that the process may use before it is killed; no value where nothing limits it',
      registers
    }).set(memoryLimit)

  new client.Gauge({
    name: 'fairlead_build_info',
    help: 'What runs: always 1',
    labelNames: ['version', 'node'],
    registers
  }).set({ version, node: process.version }, 1)
}

/**
 * The memory limit of the container in bytes; null without one. Node reports 0 when it can not tell, and more
 * than the machine has (2^64 - 1) when no limit is set.
 */
export function findMemoryLimit(
  constrained = process.constrainedMemory(),
  machine = totalmem()
): number | null {
  return constrained > 0 && constrained < machine ? constrained : null
}

export default fp(gauges, {
  name: 'instruments',
  dependencies: ['metrics', 'lifecycle', 'database', 'cache'],
  fastify: '5.x'
})
