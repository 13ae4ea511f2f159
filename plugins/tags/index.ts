import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { createTagService, type TagService } from './service.ts'

declare module 'fastify' {
  interface FastifyInstance {
    tags: TagService
  }
}

/** Tags of links: publishes `app.tags`. */
async function tags(app: FastifyInstance) {
  app.decorate('tags', createTagService(app.database, { links: app.urls.tags, audit: app.audit.record }))
}

export default fp(tags, { name: 'tags', dependencies: ['database', 'audit', 'urls'], fastify: '5.x' })
