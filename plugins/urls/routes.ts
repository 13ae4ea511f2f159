import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { sendPage } from '#platform/http/paging.ts'
import { IdParams } from '#schema/shapes/id-params.ts'
import { IdempotencyHeaders } from '#schema/shapes/idempotency.ts'
import { listOf } from '#schema/shapes/list.ts'
import { pageWindow } from '#schema/shapes/page.ts'
import { PLAIN_TEXT } from '#schema/shapes/text.ts'
import { Type } from '#schema/shapes/type.ts'
import { ShortenDraft, Url, UrlChange, UrlDraft, UrlQuery } from '#schema/shapes/url.ts'
import { presentSet, presentUrl } from './present.ts'
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
      config: { access: 'urls:read' },
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
      return presentUrl(await app.urls.get(request.caller, request.params.id), baseUrl(request))
    }
  )

  /** What the two ways to create a url have in common. */
  const creation = {
    config: { access: 'urls:write', idempotency: 'kept', limit: 'create', location: '/urls/:id' },
    schema: {
      tags,
      headers: IdempotencyHeaders,
      response: { 201: Url },
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
    return app.idempotency.once(request, reply, 201, async () => presentSet(await insert(), baseUrl(request)))
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

  app.put(
    '/urls/:id',
    {
      config: { access: 'urls:write' },
      schema: {
        tags,
        operationId: 'changeUrl',
        summary: 'Change a url',
        params: IdParams,
        body: UrlChange,
        response: { 200: Url },
        problems: ['URL_UNKNOWN', 'URL_TARGET_REFUSED']
      }
    },
    async function onChange(request) {
      const { caller, params, body } = request
      const present = body.original_url === undefined ? presentUrl : presentSet
      const { before, after } = await app.urls.change(caller, params.id, body, { here: addressOf(request) })
      request.replaced = presentUrl(before, baseUrl(request))
      return present(after, baseUrl(request))
    }
  )

  app.delete(
    '/urls/:id',
    {
      config: { access: 'urls:write' },
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
      await app.urls.remove(request.caller, request.params.id, request.query.reason ?? 'user_requested')
      reply.code(204)
      return null
    }
  )
}

/**
 * Returns the address that the client requested. HTTP/1.0 allows a request without a host; then the socket's
 * address.
 */
function addressOf({ protocol, host, socket }: FastifyRequest): string {
  if (host !== '') return `${protocol}://${host}`
  const { localAddress = '', localPort, localFamily } = socket
  return `${protocol}://${localFamily === 'IPv6' ? `[${localAddress}]` : localAddress}:${localPort}`
}
