import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { sendPage } from '#platform/http/paging.ts'
import { Event, EventDraft, EventQuery } from '#schema/shapes/event.ts'
import { IdParams } from '#schema/shapes/id-params.ts'
import { IdempotencyHeaders } from '#schema/shapes/idempotency.ts'
import { listOf } from '#schema/shapes/list.ts'
import { pageWindow } from '#schema/shapes/page.ts'

/** `/events`: thin handlers over `app.events`. */
export const eventRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const tags = ['events']

  app.get(
    '/events',
    {
      config: { access: 'events:read', readsClicks: true },
      schema: {
        tags,
        operationId: 'listEvents',
        summary: 'List events',
        querystring: EventQuery,
        response: { 200: listOf(Event) }
      }
    },
    async function onList(request, reply) {
      return sendPage(
        request,
        reply,
        pageWindow(request.query),
        await app.events.list(request.caller, request.query, request.freshMark)
      )
    }
  )

  app.get(
    '/events/:id',
    {
      config: { access: 'events:read', readsClicks: true },
      schema: {
        tags,
        operationId: 'getEvent',
        summary: 'Read an event',
        params: IdParams,
        response: { 200: Event },
        problems: ['EVENT_UNKNOWN']
      }
    },
    async function onGet(request) {
      return app.events.get(request.caller, request.params.id)
    }
  )

  app.post(
    '/events',
    {
      config: { access: 'events:write', idempotency: 'kept', location: '/events/:id' },
      schema: {
        tags,
        operationId: 'createEvent',
        summary: 'Record an event',
        headers: IdempotencyHeaders,
        body: EventDraft,
        response: { 201: Event },
        problems: ['REFERENCE_UNKNOWN']
      }
    },
    async function onCreate(request, reply) {
      return app.idempotency.once(request, reply, 201, () => app.events.create(request.caller, request.body))
    }
  )
}
