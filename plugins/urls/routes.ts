import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { VERSION } from '#platform/http/conditional.ts'
import { addressOf } from '#platform/http/own-address.ts'
import { linkTo, sendPage } from '#platform/http/paging.ts'
import { IdParams } from '#schema/shapes/id-params.ts'
import { IdempotencyHeaders } from '#schema/shapes/idempotency.ts'
import { listOf } from '#schema/shapes/list.ts'
import { LINK, pageWindow } from '#schema/shapes/page.ts'
import { PLAIN_TEXT } from '#schema/shapes/text.ts'
import { Type } from '#schema/shapes/type.ts'
import { ShortenDraft, Url, UrlChange, UrlDraft } from '#schema/shapes/url.ts'
import { HistoryQuery, UrlHistoryEntry } from '#schema/shapes/url-history.ts'
import { UrlQuery } from '#schema/shapes/url-query.ts'

import { urlBulkRoutes } from './bulk-routes.ts'
import { readShorten } from './shorten.ts'

/**
 * `/urls` and `/shorten`: thin handlers over `app.urls`. Takes the public address of this server, if
 * configured.
 */
export const urlRoutes: FastifyPluginAsyncTypebox<{ publicUrl: string | undefined }> = async (
  app,
  options
) => {
  const tags = ['urls']
  const baseUrl = (request: FastifyRequest) => options.publicUrl ?? addressOf(request)

  app.get(
    '/urls',
    {
      config: { access: 'urls:read' },
      schema: {
        tags,
        operationId: 'listUrls',
        summary: 'List urls',
        querystring: UrlQuery,
        response: { 200: listOf(Url) }
      }
    },
    async function onList(request, reply) {
      const page = await app.urls.list(request.caller, request.query, baseUrl(request))
      return sendPage(request, reply, pageWindow(request.query), page)
    }
  )

  app.get(
    '/urls/:id',
    {
      config: { access: 'urls:read', entityTag: 'checked' },
      schema: {
        tags,
        operationId: 'getUrl',
        summary: 'Read a url',
        params: IdParams,
        response: { 200: Url },
        problems: ['URL_UNKNOWN', 'LOOKUP_UNAVAILABLE']
      }
    },
    async function onGet(request) {
      return app.urls.present(await app.urls.get(request.caller, request.params.id), baseUrl(request))
    }
  )

  /** What the two ways to create a url have in common. */
  const creation = {
    config: {
      access: 'urls:write',
      idempotency: 'kept',
      limit: 'create',
      location: '/urls/:id',
      entityTag: 'sent'
    },
    schema: {
      tags,
      headers: IdempotencyHeaders,
      response: { 201: Url, 200: Url },
      problems: [
        'USER_UNKNOWN',
        'URL_CODE_TAKEN',
        'URL_CODE_RESERVED',
        'URL_TARGET_REFUSED',
        'URL_CODES_EXHAUSTED'
      ]
    }
  } as const

  /** Errors about the target blame the field `blamed`. */
  async function create(request: FastifyRequest, reply: FastifyReply, draft: UrlDraft, blamed?: string) {
    const target = { here: addressOf(request), ...(blamed !== undefined && { blamed }) }
    const insert = await app.urls.prepare(request.caller, draft, target)
    const answer = await app.idempotency.once(request, reply, 201, async () => {
      const { row, isFound } = await insert()
      if (isFound) reply.code(200)
      return app.urls.presentSet(row, baseUrl(request))
    })
    // A repeated answer is stored without its version, which is the first of a new link.
    return reply.statusCode === 201 ? { ...answer, [VERSION]: answer[VERSION] ?? 1 } : answer
  }

  app.post(
    '/urls',
    {
      ...creation,
      schema: { ...creation.schema, operationId: 'createUrl', summary: 'Create a url', body: UrlDraft }
    },
    async function onCreate(request, reply) {
      return create(request, reply, request.body)
    }
  )

  app.post(
    '/shorten',
    {
      ...creation,
      schema: {
        ...creation.schema,
        operationId: 'shortenUrl',
        summary: 'Create a url, as POST /urls; the target may be called url',
        body: ShortenDraft
      }
    },
    async function onShorten(request, reply) {
      const { blamed, ...draft } = readShorten(request.body)
      return create(request, reply, draft, blamed)
    }
  )
  // Without this route the router would take the path for a short code.
  const config = { access: 'public', query: 'any' } as const
  app.get('/shorten', { config, schema: { hide: true } }, app.refuseUnknown)

  for (const method of ['PUT', 'PATCH'] as const)
    app.route({
      method,
      url: '/urls/:id',
      config: { access: 'urls:write', entityTag: 'checked' },
      schema: {
        tags,
        operationId: method === 'PUT' ? 'changeUrl' : 'patchUrl',
        summary: 'Change the given fields of a url; PUT and PATCH do the same',
        params: IdParams,
        body: UrlChange,
        response: { 200: Url },
        problems: [
          'URL_UNKNOWN',
          'URL_TARGET_REFUSED',
          'URL_CODE_TAKEN',
          'URL_CODE_RESERVED',
          'URL_TRANSFER_REFUSED',
          'USER_UNKNOWN'
        ]
      },
      async handler(request) {
        const { caller, params, body } = request
        const present = body.original_url === undefined ? app.urls.present : app.urls.presentSet
        const context = { here: addressOf(request), precondition: request.precondition }
        const { before, after } = await app.urls.change(caller, params.id, body, context)
        request.replaced = app.urls.present(before, baseUrl(request))
        return present(after, baseUrl(request))
      }
    })

  app.delete(
    '/urls/:id',
    {
      config: { access: 'urls:write', entityTag: 'checked' },
      schema: {
        tags,
        operationId: 'deleteUrl',
        summary: 'Delete a url; its events stay',
        params: IdParams,
        querystring: Type.Object({
          reason: Type.Optional(Type.String({ minLength: 1, maxLength: 200, pattern: PLAIN_TEXT }))
        }),
        response: { 204: Type.Null() },
        problems: ['URL_UNKNOWN']
      }
    },
    async function onDelete(request, reply) {
      const { caller, params, query, precondition } = request
      await app.urls.remove(caller, params.id, query.reason ?? 'user_requested', { precondition })
      reply.code(204)
      return null
    }
  )

  app.post(
    '/urls/:id/restore',
    {
      config: { access: 'urls:write', idempotency: 'nature', entityTag: 'checked' },
      schema: {
        tags,
        operationId: 'restoreUrl',
        summary: 'Take the deletion of a url back',
        description:
          'A url that is not deleted stays as it is. Links of an erased user keep their erased values.',
        params: IdParams,
        response: { 200: Url },
        problems: ['URL_UNKNOWN']
      }
    },
    async function onRestore(request) {
      const { caller, params, precondition } = request
      return app.urls.present(await app.urls.restore(caller, params.id, { precondition }), baseUrl(request))
    }
  )

  app.get(
    '/urls/:id/history',
    {
      config: { access: 'urls:read' },
      schema: {
        tags,
        operationId: 'listUrlHistory',
        summary: 'List the changes of a url, newest first, also of a deleted one',
        params: IdParams,
        querystring: HistoryQuery,
        response: { 200: Type.Array(UrlHistoryEntry, { headers: { Link: LINK } }) },
        problems: ['URL_UNKNOWN', 'LOOKUP_UNAVAILABLE']
      }
    },
    async function onHistory(request, reply) {
      const { entries, hasMore } = await app.urls.history(request.caller, request.params.id, request.query)
      const last = entries.at(-1)
      if (hasMore && last !== undefined) reply.header('link', linkTo(request, 'next', { after: last.id }))
      return entries
    }
  )

  await app.register(urlBulkRoutes, options)
}
