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

const MINUTE_MS = 60_000

/**
 * Statistics: counts clicks in the transactions that store them and publishes `app.stats`. Supplies
 * `app.clicks` with the salt of the day, and deletes old visitors:
 * docs/adr/2026-11-23-visitors-without-addresses.md.
 */
async function stats(app: FastifyInstance) {
  const service = createStatsService(app.database, {
    findUrl: (caller, id) => app.urls.get(caller, id),
    countUrls: app.urls.count,
    countUsers: app.users.count
  })
  app.decorate('stats', service)
  app.events.onClicks(createClickCounter(app.database.db, Date.now))
  app.events.onImport(countStagedClicks)
  app.clicks.saltWith(service.currentSalt)

  async function refreshSalt(): Promise<void> {
    try {
      await service.refreshSalt()
    } catch (error) {
      // The next minute is early enough, since the salt of the next day is fetched in advance.
      app.log.warn({ err: error }, 'refreshing the salt of visitors failed')
    }
  }
  app.addHook('onReady', repeat(app, MINUTE_MS, refreshSalt))
  app.maintenance.schedule(service.maintain, 'statistics maintenance failed')
}

export default fp(stats, {
  name: 'stats',
  dependencies: ['database', 'maintenance', 'clicks', 'users', 'urls', 'events'],
  fastify: '5.x'
})
