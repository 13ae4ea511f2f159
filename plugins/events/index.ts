import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { createEventService, type EventService } from './service.ts'

declare module 'fastify' {
  interface FastifyInstance {
    events: EventService
  }
}

export interface EventOptions {
  /** Most bytes of the details of an event, as JSON. */
  maxDetailsBytes: number
}

/**
 * Events: publishes `app.events`. Other capabilities write their
 * events in their own transactions through `app.events.record`; `app.clicks` brings clicks.
 */
async function events(app: FastifyInstance, options: EventOptions) {
  const service = createEventService(app.database, options.maxDetailsBytes)
  app.decorate('events', service)
  app.clicks.drainTo(service.storeClicks)
}

export default fp(events, {
  name: 'events',
  dependencies: ['database', 'idempotency', 'clicks'],
  fastify: '5.x'
})
