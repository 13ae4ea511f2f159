import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { eventRoutes } from './routes.ts'
import { createEventService, type EventService } from './service.ts'

declare module 'fastify' {
  interface FastifyInstance {
    events: EventService
  }
}

/**
 * Events: publishes `app.events` and, unless `routes` is false, serves `/events`. Other capabilities write their
 * events in their own transactions through `app.events.record`; `app.clicks` brings clicks.
 */
async function events(app: FastifyInstance, options: { routes: boolean }) {
  const service = createEventService(app.database)
  app.decorate('events', service)
  app.clicks.drainTo(service.storeClicks)
  if (options.routes) await app.register(eventRoutes)
}

export default fp(events, {
  name: 'events',
  dependencies: ['database', 'idempotency', 'clicks'],
  fastify: '5.x'
})
