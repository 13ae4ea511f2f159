import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { userRoutes } from './routes.ts'
import { createUserService, type UserService } from './service.ts'

declare module 'fastify' {
  interface FastifyInstance {
    users: UserService
  }
}

/**
 * Users: publishes `app.users` and, unless `routes` is false, serves `/users`. Whoever refers to users takes part
 * in their deletion through `app.users.onDelete`; users knows of nobody.
 */
async function users(app: FastifyInstance, options: { routes: boolean }) {
  app.decorate(
    'users',
    createUserService(app.database, {
      record: app.audit.record,
      async erase(tx, erasure) {
        await app.audit.erase(tx, erasure)
        for (const id of erasure.ids) await app.idempotency.erase(tx, { userId: Number(id) })
      }
    })
  )
  if (options.routes) await app.register(userRoutes)
}

export default fp(users, {
  name: 'users',
  dependencies: ['database', 'idempotency', 'audit'],
  fastify: '5.x'
})
