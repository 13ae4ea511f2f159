import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { IdParams } from '#schema/shapes/id-params.ts'
import { UserExport } from '#schema/shapes/user-export.ts'
import { createExportService } from './service.ts'

/**
 * `GET /users/:id/export`: all data of a user, for that user and for administrators. The response streams, so
 * its size costs no memory. If the database fails meanwhile, the response aborts and is not valid JSON.
 */
export const exportRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { open } = createExportService(
    app.database,
    {
      findUser: app.users.get,
      audit: app.audit.record,
      actAs: app.audit.actAs,
      presentChange: app.audit.present,
      presentKey: app.keys.present,
      presentUrl: app.urls.presentForExport,
      readEventsOfUrl: app.events.readOfUrl,
      readEventsElsewhere: app.events.readElsewhere
    },
    Date.now
  )
  app.get(
    '/users/:id/export',
    {
      // Each export is written to the audit log; a HEAD request must not cause an entry.
      exposeHeadRoute: false,
      config: { access: 'users:read', limit: 'bulk' },
      schema: {
        tags: ['users'],
        operationId: 'exportUser',
        summary: 'Export all that is held of a user, as one JSON document',
        params: IdParams,
        response: { 200: UserExport },
        problems: ['USER_UNKNOWN', 'EXPORT_REFUSED']
      }
    },
    async function onExport({ caller, params: { id }, id: requestId }, reply) {
      const pieces = await open(caller, id, requestId)
      reply.type('application/json; charset=utf-8')
      reply.header('content-disposition', `attachment; filename="user-${id}.json"`)
      // Streams bypass the serialiser of the response shape.
      return reply.send(Readable.from(pieces) as never)
    }
  )
}
