import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * Shows Prometheus what the platform counts as plain numbers: the database pool, the caches and the clicks. They are read
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

  new client.Counter({
    name: 'fairlead_clicks_total',
    help: 'Clicks by what became of them; added less lost is what must end up stored',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset()
      const { pending: _pending, lagMs: _lagMs, ...counts } = app.clicks.stats()
      for (const [outcome, value] of Object.entries(counts)) this.inc({ outcome }, value)
    }
  })

  new client.Gauge({
    name: 'fairlead_clicks_pending',
    help: 'Clicks of this process that are in no stage yet',
    registers,
    collect() {
      this.set(app.clicks.stats().pending)
    }
  })

  new client.Gauge({
    name: 'fairlead_clicks_lag_seconds',
    help: 'Age of the oldest click in the batch that this process stored last',
    registers,
    collect() {
      this.set(app.clicks.stats().lagMs / 1_000)
    }
  })
}

export default fp(instruments, {
  name: 'instruments',
  dependencies: ['metrics', 'database', 'cache', 'clicks'],
  fastify: '5.x'
})
