import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { ImportKind } from '#plugins/imports/contract.ts'
import { createEventService, type EventService } from './service.ts'
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

export interface EventOptions {
  /** Largest details of an event, in bytes of JSON. */
  maxDetailsBytes: number
}

/**
 * Events: publishes `app.events`. Other capabilities write their events through `app.events.record` in their
 * own transactions; `app.clicks` supplies the clicks.
 */
async function events(app: FastifyInstance, options: EventOptions) {
  const service = createEventService(app.database, options.maxDetailsBytes)
  const listeners: ImportListener[] = []
  app.decorate('events', {
    ...service,
    importKind: createEventImport(options.maxDetailsBytes, listeners),
    onImport: (listener) => void listeners.push(listener)
  })
  app.clicks.drainTo(service.storeClicks)
}

export default fp(events, {
  name: 'events',
  dependencies: ['database', 'idempotency', 'clicks'],
  fastify: '5.x'
})
