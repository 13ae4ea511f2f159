import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * Shows Prometheus what the platform counts as plain numbers: the database pool and the caches. They are read
 * when Prometheus asks, so that counting costs the hot path an increment and no more.
 */
async function instruments(app: FastifyInstance) {
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
      for (const [cache, { size: _entries, ...counts }] of Object.entries(app.cache.stats())) {
        for (const [event, value] of Object.entries(counts)) this.inc({ cache, event }, value)
      }
    }
  })

  new client.Gauge({
    name: 'fairlead_cache_entries',
    help: 'Entries held in process',
    labelNames: ['cache'],
    registers,
    collect() {
      for (const [cache, { size }] of Object.entries(app.cache.stats())) this.set({ cache }, size)
    }
  })
}

export default fp(instruments, {
  name: 'instruments',
  dependencies: ['metrics', 'database', 'cache'],
  fastify: '5.x'
})
