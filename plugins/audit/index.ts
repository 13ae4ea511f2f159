import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { repeat } from '#platform/async/repeat.ts'
import { auditRoutes } from './routes.ts'
import { type AuditService, createAuditService } from './service.ts'

declare module 'fastify' {
  interface FastifyInstance {
    audit: AuditService
  }
}

export interface AuditOptions {
  routes: boolean
  /** Months that entries are kept; 0 keeps them for ever. */
  retentionMonths: number
}

const UPKEEP_EVERY_MS = 6 * 3_600_000
const READS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * The audit log: publishes `app.audit` and, unless `routes` is false, serves `GET /audit`. Capabilities append what they
 * change in their own transactions; who asked is set on each route that is no read, just before its handler. Redirects
 * and reads run nothing of it. Register it before the capabilities: docs/adr/2026-11-25-audit-log.md.
 */
async function audit(app: FastifyInstance, { routes, retentionMonths }: AuditOptions) {
  const service = createAuditService(app.database, { retentionMonths })
  app.decorate('audit', service)
  if (routes) {
    app.addHook('onRoute', (route: RouteOptions) => {
      if ([route.method].flat().every((method) => READS.has(method))) return
      route.preHandler = [...[route.preHandler ?? []].flat(), onChange]
    })
    await app.register(auditRoutes)
  }

  // The last hook before the handler: a body that is read as it comes would lose what was set before.
  function onChange(request: FastifyRequest, _reply: unknown, done: () => void): void {
    service.actAs(authorOf(request), done)
  }

  if (retentionMonths === 0) return
  const maintain = () =>
    app.maintenance.run(service.maintain).then(
      (deleted) => {
        if (deleted !== null && deleted > 0) app.log.info({ deleted }, 'expired audit entries deleted')
      },
      (error: Error) => app.log.warn({ err: error }, 'audit log maintenance failed')
    )
  const run = repeat(app, UPKEEP_EVERY_MS, maintain)
  // The start does not wait for it.
  app.addHook('onReady', async () => void run())
}

function authorOf({ caller, id }: FastifyRequest) {
  return { kind: caller.kind, keyId: caller.keyId, userId: caller.userId, name: caller.name, requestId: id }
}

export default fp(audit, {
  name: 'audit',
  dependencies: ['access', 'database', 'maintenance'],
  fastify: '5.x'
})
