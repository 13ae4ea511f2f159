import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/** `app.maintenance`: work that deletes expired data. */
export interface Maintenance {
  /**
   * Runs `work` with the time of the database, in milliseconds since the epoch, which is the same for all
   * replicas. Returns null without running it while the clock of this process differs by more than five
   * minutes, because one of the two is wrong. Throws the errors of `work` and of the driver.
   */
  run<T>(work: (now: number) => Promise<T>): Promise<T | null>
}

declare module 'fastify' {
  interface FastifyInstance {
    maintenance: Maintenance
  }
}

/** Clocks under NTP differ by milliseconds. */
const MOST_SKEW_MS = 5 * 60_000

/** Registers `app.maintenance`: see docs/adr/2026-11-30-database-clock-for-maintenance.md. */
async function maintenance(app: FastifyInstance) {
  const { client } = app.metrics
  const registers = [client.register]
  const skew = new client.Gauge({
    name: 'fairlead_clock_skew_seconds',
    help: 'How far the clock of this process is ahead of that of the database',
    registers
  })
  const refused = new client.Counter({
    name: 'fairlead_maintenance_refused_total',
    help: 'Runs of maintenance that were refused because the clocks differ',
    registers
  })
  let isRefused = false

  app.decorate('maintenance', {
    async run(work) {
      const { rows } = await app.database.pool.query<{ now: string }>(
        'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now'
      )
      const now = Number(rows[0]?.now)
      const skewMs = Date.now() - now
      skew.set(skewMs / 1_000)
      const wasRefused = isRefused
      isRefused = !(Math.abs(skewMs) <= MOST_SKEW_MS)
      if (!isRefused) return work(now)
      refused.inc()
      if (!wasRefused)
        app.log.warn(
          { skewMs },
          'maintenance refused because process and database clocks differ; correct them'
        )
      return null
    }
  })
}

export default fp(maintenance, { name: 'maintenance', dependencies: ['metrics', 'database'], fastify: '5.x' })
