import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { sendPage } from '#platform/http/paging.ts'
import { answers } from '#schema/shapes/answers.ts'
import { Event, EventDraft, EventQuery } from '#schema/shapes/event.ts'
import { IdParams } from '#schema/shapes/id-params.ts'
import { IdempotencyHeaders } from '#schema/shapes/idempotency.ts'
import { pageWindow } from '#schema/shapes/page.ts'
import { Type } from '#schema/shapes/type.ts'

/** `/events`: thin handlers over `app.events`. */
export const eventRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const tags = ['events']

  app.get(
    '/events',
    {
      config: { access: 'events:read', readsClicks: true },
      schema: {
        tags,
        summary: 'List events by id',
        querystring: EventQuery,
        response: answers(200, Type.Array(Event), 422)
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
      schema: { tags, summary: 'Read an event', params: IdParams, response: answers(200, Event, 404) }
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
        summary: 'Record an event',
        headers: IdempotencyHeaders,
        body: EventDraft,
        response: answers(201, Event, 400, 404, 409, 410, 422)
      }
    },
    async function onCreate(request, reply) {
      return app.idempotency.once(request, reply, 201, () => app.events.create(request.caller, request.body))
    }
  )
}
