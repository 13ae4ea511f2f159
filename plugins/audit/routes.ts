import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { linkTo } from '#platform/http/paging.ts'
import { AuditEntry, AuditQuery } from '#schema/shapes/audit.ts'
import { LINK } from '#schema/shapes/page.ts'
import { Type } from '#schema/shapes/type.ts'

/**
 * `GET /audit`: a thin handler over `app.audit`. Pages use keyset cursors, because counting a growing log is
 * slow.
 */
export const auditRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/audit',
    {
      config: { access: 'audit:read' },
      schema: {
        tags: ['audit'],
        operationId: 'listChanges',
        summary: 'List changes, newest first, with their authors',
        querystring: AuditQuery,
        response: { 200: Type.Array(AuditEntry, { headers: { Link: LINK } }) }
      }
    },
    async function onList(request, reply) {
      const { entries, hasMore } = await app.audit.list(request.query)
      const last = entries.at(-1)
      if (hasMore && last !== undefined) reply.header('link', linkTo(request, 'next', { before: last.id }))
      return entries
    }
  )
}
