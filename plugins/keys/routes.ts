import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { pageHeaders } from '#platform/http/paging.ts'
import { answers } from '#schema/shapes/answers.ts'
import { IssuedKey, Key, KeyDraft, KeyParams } from '#schema/shapes/key.ts'
import { PageQuery, pageWindow } from '#schema/shapes/page.ts'
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
        summary: 'List keys, the newest first, revoked ones too',
        querystring: PageQuery,
        response: answers(200, Type.Array(Key))
      }
    },
    async function onList(request, reply) {
      const { caller, query } = request
      return pageHeaders(request, reply, pageWindow(query), await app.keys.list(caller, query))
    }
  )

  app.post(
    '/keys',
    {
      config: { ...config, location: '/keys/:id' },
      schema: {
        tags,
        summary: 'Create a key; the answer is the only place where it is ever shown',
        body: KeyDraft,
        response: answers(201, IssuedKey, 400, 404, 422)
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
        summary: 'Give a key a new secret; the old one ends at once',
        params: KeyParams,
        response: answers(200, IssuedKey, 404, 409)
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
        summary: 'Revoke a key for good; it stays in the list',
        params: KeyParams,
        response: answers(204, Type.Null(), 404)
      }
    },
    async function onRevoke({ caller, params }, reply) {
      await app.keys.revoke(caller, params.id)
      reply.code(204)
      return null
    }
  )
}
