import type { FastifyInstance, FastifyRequest, preHandlerHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { isSafe } from '#platform/net/methods.ts'
import { type AuditService, createAuditService } from './service.ts'

declare module 'fastify' {
  interface FastifyInstance {
    audit: AuditService
  }
}

export interface AuditOptions {
  /** Months to keep entries; 0 keeps them forever. */
  retentionMonths: number
}

const MAINTAIN_EVERY_MS = 6 * 3_600_000

/**
 * The audit log: publishes `app.audit`. Capabilities append their changes in their own transactions. Register
 * it before the capabilities: docs/adr/2026-11-25-audit-log.md.
 */
async function audit(app: FastifyInstance, { retentionMonths }: AuditOptions) {
  const service = createAuditService(app.database, { retentionMonths })
  app.decorate('audit', service)
  if (retentionMonths === 0) return
  async function maintain(now: number): Promise<void> {
    const deleted = await service.maintain(now)
    if (deleted > 0) app.log.info({ deleted }, 'expired audit entries deleted')
  }
  const run = app.maintenance.repeat(MAINTAIN_EVERY_MS, maintain, 'audit log maintenance failed')
  // The start does not wait for it.
  app.addHook('onReady', async () => void run())
}

/**
 * Hook `preHandler`: makes the caller the author of the request's changes. It must be the last hook before
 * the handler, because reading a body loses the context that earlier hooks set.
 */
export const setAuditAuthor: preHandlerHookHandler = (request, _reply, done) => {
  if (isSafe(request.method)) done()
  else request.server.audit.actAs(authorOf(request), done)
}

function authorOf({ caller, id }: FastifyRequest) {
  return { kind: caller.kind, keyId: caller.keyId, userId: caller.userId, name: caller.name, requestId: id }
}

export default fp(audit, {
  name: 'audit',
  dependencies: ['access', 'database', 'maintenance'],
  fastify: '5.x'
})
