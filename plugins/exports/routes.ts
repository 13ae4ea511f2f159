import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { IdParams } from '#schema/shapes/id-params.ts'
import { UserExport } from '#schema/shapes/user-export.ts'
import { createExportService } from './service.ts'

/**
 * `GET /users/:id/export`: all that is held of a user, for the user itself and for administrators. It is sent
 * as it is read, so its size costs no memory; should the database go away meanwhile, the answer breaks off
 * and is no JSON.
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
      // Each answer is in the audit log: what only looks for a head must not cause one.
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
      // A stream is sent as it is, not through the serialiser of the shape.
      return reply.send(Readable.from(pieces) as never)
    }
  )
}
