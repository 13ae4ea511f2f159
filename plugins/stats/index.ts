import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { repeat } from '#platform/async/repeat.ts'
import { createStatsService, type StatsService } from './service.ts'
import { createClickCounter } from './service-counter.ts'
import { countStagedClicks } from './store-import.ts'

declare module 'fastify' {
  interface FastifyInstance {
    stats: StatsService
  }
}

export interface StatsOptions {
  /** Whole months for which events are kept, besides the current one; 0 keeps them forever. */
  retentionMonths: number
}

const MINUTE_MS = 60_000
const UPKEEP_EVERY_MINUTES = 360
/**
 * One run per minute. By the database's clock the day may end five minutes later; its salt is deleted then.
 */
const RUNS_AFTER_MIDNIGHT = 6

/**
 * Statistics: counts clicks in the transactions that store them and publishes `app.stats`. Supplies
 * `app.clicks` with the salt of the day. Creates partitions ahead and drops old ones:
 * docs/adr/2026-11-23-visitors-without-addresses.md.
 */
async function stats(app: FastifyInstance, { retentionMonths }: StatsOptions) {
  const service = createStatsService(
    app.database,
    {
      findUrl: (caller, id) => app.urls.get(caller, id),
      countUrls: app.urls.count,
      countUsers: app.users.count
    },
    { retentionMonths }
  )
  app.decorate('stats', service)
  app.events.onClicks(createClickCounter(app.database.db, Date.now))
  app.events.onImport(countStagedClicks)
  app.clicks.saltWith(service.currentSalt)

  let minutes = 0
  let runsDue = 1

  async function work(): Promise<void> {
    if (minutes++ % UPKEEP_EVERY_MINUTES === 0) runsDue = Math.max(runsDue, 1)
    try {
      if (await service.refreshSalt()) runsDue = RUNS_AFTER_MIDNIGHT
      if (runsDue === 0) return
      const report = await app.maintenance.run(service.maintain)
      // Null: refused, or another replica holds the lock.
      if (report !== null) runsDue--
      if (report && report.dropped.length > 0) app.log.info(report, 'expired partitions dropped')
    } catch (error) {
      // The database is unavailable or locked. The next minute is early enough, since partitions exist in
      // advance.
      app.log.warn({ err: error }, 'statistics maintenance failed')
    }
  }

  app.addHook('onReady', repeat(app, MINUTE_MS, work))
}

export default fp(stats, {
  name: 'stats',
  dependencies: ['database', 'maintenance', 'clicks', 'users', 'urls', 'events'],
  fastify: '5.x'
})
