import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { linkTo } from '#platform/http/paging.ts'
import { answers } from '#schema/shapes/answers.ts'
import { AuditEntry, AuditQuery } from '#schema/shapes/audit.ts'
import { Type } from '#schema/shapes/type.ts'

/** `GET /audit`: a thin handler over `app.audit`. Pages go by key: there is no count of what only ever grows. */
export const auditRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/audit',
    {
      config: { access: 'audit:read' },
      schema: {
        tags: ['audit'],
        summary: 'List changes, newest first: who changed what',
        querystring: AuditQuery,
        response: answers(200, Type.Array(AuditEntry), 422)
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
