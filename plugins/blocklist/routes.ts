import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { pageHeaders } from '#platform/http/paging.ts'
import { answers } from '#schema/shapes/answers.ts'
import { BlockedHost, BlockedHostDraft, BlockedHostParams } from '#schema/shapes/blocked-host.ts'
import { PageQuery, pageWindow } from '#schema/shapes/page.ts'
import { Type } from '#schema/shapes/type.ts'

/** `/blocked-hosts`: thin handlers over `app.blocklist`. */
export const blocklistRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const tags = ['blocklist']

  app.get(
    '/blocked-hosts',
    {
      config: { access: 'blocklist:admin' },
      schema: {
        tags,
        summary: 'List the hosts that no link may lead to',
        querystring: PageQuery,
        response: answers(200, Type.Array(BlockedHost), 422)
      }
    },
    async function onList(request, reply) {
      const { query } = request
      return pageHeaders(request, reply, pageWindow(query), await app.blocklist.list(query))
    }
  )

  app.post(
    '/blocked-hosts',
    {
      // A host is on the list or not: doing it twice does nothing more.
      config: { access: 'blocklist:admin', idempotency: 'nature', location: '/blocked-hosts/:host' },
      schema: {
        tags,
        summary: 'Block a host: no new link leads there, and those that do are not followed',
        body: BlockedHostDraft,
        response: answers(201, BlockedHost, 400, 422)
      }
    },
    async function onAdd({ body }, reply) {
      reply.code(201)
      return app.blocklist.add(body)
    }
  )

  app.delete(
    '/blocked-hosts/:host',
    {
      config: { access: 'blocklist:admin' },
      schema: {
        tags,
        summary: 'Take a host off the list',
        params: BlockedHostParams,
        response: answers(204, Type.Null(), 404)
      }
    },
    async function onRemove({ params }, reply) {
      await app.blocklist.remove(params.host)
      reply.code(204)
      return null
    }
  )
}
