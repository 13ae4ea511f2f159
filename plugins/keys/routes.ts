import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { sendPage } from '#platform/http/paging.ts'
import { IssuedKey, Key, KeyDraft, KeyParams, KeyQuery } from '#schema/shapes/key.ts'
import { listOf } from '#schema/shapes/list.ts'
import { pageWindow } from '#schema/shapes/page.ts'
import { Type } from '#schema/shapes/type.ts'

/** `/keys`: thin handlers over `app.keys`. */
export const keyRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const tags = ['keys']
  const config = { access: 'keys:admin' } as const

  app.addHook('onReady', async () => {
    if (app.access.mode === 'open' || (await app.keys.isAnyGood())) return
    app.log.warn('no valid key exists; set ADMIN_KEY or run npm run cli -- keys create NAME')
  })

  app.get(
    '/keys',
    {
      config,
      schema: {
        tags,
        operationId: 'listKeys',
        summary: 'List keys, revoked ones too, by default the newest first',
        querystring: KeyQuery,
        response: { 200: listOf(Key) }
      }
    },
    async function onList(request, reply) {
      return sendPage(request, reply, pageWindow(request.query), await app.keys.list(request.query))
    }
  )

  app.post(
    '/keys',
    {
      config: { ...config, location: '/keys/:id' },
      schema: {
        tags,
        operationId: 'createKey',
        summary: 'Create a key; the answer is the only place where it is ever shown',
        body: KeyDraft,
        response: { 201: IssuedKey },
        problems: ['USER_UNKNOWN']
      }
    },
    async function onCreate({ caller, body }, reply) {
      reply.code(201).header('cache-control', 'no-store')
      return app.keys.create(caller, body)
    }
  )

  app.post(
    '/keys/:id/rotate',
    {
      config,
      schema: {
        tags,
        operationId: 'rotateKey',
        summary: 'Give a key a new secret; the old one ends at once',
        params: KeyParams,
        response: { 200: IssuedKey },
        problems: ['KEY_UNKNOWN', 'KEY_REVOKED', 'KEY_OUTLIVES_CALLER']
      }
    },
    async function onRotate({ caller, params }, reply) {
      reply.header('cache-control', 'no-store')
      return app.keys.rotate(caller, params.id)
    }
  )

  app.delete(
    '/keys/:id',
    {
      config,
      schema: {
        tags,
        operationId: 'revokeKey',
        summary: 'Revoke a key for good; it stays in the list',
        params: KeyParams,
        response: { 204: Type.Null() },
        problems: ['KEY_UNKNOWN']
      }
    },
    async function onRevoke({ caller, params }, reply) {
      await app.keys.revoke(caller, params.id)
      reply.code(204)
      return null
    }
  )
}
