import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { ImportKind } from '#plugins/imports/contract.ts'
import { createEventService, type EventService, type EventServiceOptions } from './service.ts'
import { createEventImport, type ImportListener } from './store-import.ts'

declare module 'fastify' {
  interface FastifyInstance {
    events: EventService & {
      importKind: ImportKind
      /** Registers a listener that reads imported events in the transaction that stores them. */
      onImport(listener: ImportListener): void
    }
  }
}

/**
 * Events: publishes `app.events`. Other capabilities write their events through `app.events.record` in their
 * own transactions; `app.clicks` supplies the clicks. Creates the partitions of months ahead and drops
 * expired ones.
 */
async function events(app: FastifyInstance, options: EventServiceOptions) {
  const service = createEventService(app.database, options)
  const listeners: ImportListener[] = []
  app.decorate('events', {
    ...service,
    importKind: createEventImport(options.maxDetailsBytes, listeners),
    onImport: (listener) => void listeners.push(listener)
  })
  app.clicks.drainTo(service.storeClicks)
  app.maintenance.schedule(service.maintain, 'events maintenance failed')
}

export default fp(events, {
  name: 'events',
  dependencies: ['database', 'maintenance', 'idempotency', 'clicks'],
  fastify: '5.x'
})
