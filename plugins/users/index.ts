import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { repeat } from '#platform/async/repeat.ts'
import type { ImportKind } from '#plugins/imports/contract.ts'
import { createUserService, type UserService } from './service.ts'
import { refoldUsers } from './service-refold.ts'
import { userImport } from './store-import.ts'

declare module 'fastify' {
  interface FastifyInstance {
    users: UserService & { importKind: ImportKind }
  }
}

export interface UserOptions {
  /** Whether this process updates keys that an older release wrote to users; servers do. */
  refolds: boolean
}

/** Replicas of the previous release may write old keys until they are replaced. */
const REFOLD_EVERY_MS = 6 * 3_600_000

/**
 * Users: publishes `app.users`. Capabilities that refer to users take part in deletions through
 * `app.users.onDelete`; users depends on none of them.
 */
async function users(app: FastifyInstance, { refolds }: UserOptions) {
  const service = createUserService(app.database, {
    record: app.audit.record,
    async erase(erasure) {
      await app.audit.erase(erasure)
      for (const id of erasure.ids) await app.idempotency.erase({ userId: Number(id) })
    }
  })
  app.decorate('users', { ...service, importKind: userImport })
  if (!refolds) return
  const refold = repeat(app, REFOLD_EVERY_MS, () =>
    refoldUsers(app.database).then(
      (changed) => void (changed > 0 && app.log.info({ changed }, 'user keys refolded')),
      (error: Error) => app.log.warn({ err: error }, 'refolding user keys failed')
    )
  )
  // The start does not wait for it.
  app.addHook('onReady', async () => void refold())
}

export default fp(users, {
  name: 'users',
  dependencies: ['database', 'idempotency', 'audit'],
  fastify: '5.x'
})
