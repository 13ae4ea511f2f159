import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { pageHeaders } from '#platform/http/paging.ts'
import { BlockedHost, BlockedHostDraft, BlockedHostParams } from '#schema/shapes/blocked-host.ts'
import { PageQuery, pageOf, pageWindow } from '#schema/shapes/page.ts'
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
        operationId: 'listBlockedHosts',
        summary: 'List the hosts that no link may lead to',
        querystring: PageQuery,
        response: { 200: pageOf(BlockedHost) }
      }
    },
    async function onList(request, reply) {
      const { query } = request
      const { rows, total } = await app.blocklist.list(query)
      pageHeaders(request, reply, pageWindow(query), total)
      return rows
    }
  )

  app.post(
    '/blocked-hosts',
    {
      // Blocking a host twice has no further effect.
      config: { access: 'blocklist:admin', idempotency: 'nature', location: '/blocked-hosts/:host' },
      schema: {
        tags,
        operationId: 'blockHost',
        summary: 'Block a host: no new link leads there, and those that do are not followed',
        body: BlockedHostDraft,
        response: { 201: BlockedHost }
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
        operationId: 'unblockHost',
        summary: 'Take a host off the list',
        params: BlockedHostParams,
        response: { 204: Type.Null() },
        problems: ['BLOCKED_HOST_UNKNOWN']
      }
    },
    async function onRemove({ params }, reply) {
      await app.blocklist.remove(params.host)
      reply.code(204)
      return null
    }
  )
}
