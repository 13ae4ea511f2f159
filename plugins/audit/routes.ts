import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { sendPage } from '#platform/http/paging.ts'
import { AuditEntry, AuditQuery } from '#schema/shapes/audit.ts'
import { listOf } from '#schema/shapes/list.ts'

/** `GET /audit`: a thin handler over `app.audit`. It has no page numbers, because the log grows for ever. */
export const auditRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/audit',
    {
      config: { access: 'audit:read' },
      schema: {
        tags: ['audit'],
        operationId: 'listChanges',
        summary: 'List changes with their authors, by default the newest first',
        querystring: AuditQuery,
        response: { 200: listOf(AuditEntry) }
      }
    },
    async function onList(request, reply) {
      return sendPage(request, reply, { page: 1, perPage: 50 }, await app.audit.list(request.query))
    }
  )
}
