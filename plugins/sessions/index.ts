import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { SESSION_COOKIE } from '#platform/access/describe.ts'
import { problems } from '#platform/access/errors.ts'
import { isSameOrigin } from '#platform/http/origins.ts'
import { isSafe } from '#platform/net/methods.ts'
import { createCookie } from './cookies.ts'
import { createSessionService, type SessionService, type SessionTimes } from './service.ts'

declare module 'fastify' {
  interface FastifyInstance {
    sessions: SessionService
  }
}

export interface SessionOptions extends SessionTimes {
  /** This server's own origin, if it is known. It determines whether cookies are for https. */
  own: string | undefined
}

const PRUNE_EVERY_MS = 600_000

/**
 * Sessions of browsers: publishes `app.sessions` and authenticates requests by their cookie. Each request
 * with a session reads the database, so every replica sees the end of a session at once. Unsafe requests must
 * come from a page of this server. See docs/adr/2026-11-25-sessions.md.
 */
async function sessions(app: FastifyInstance, { own, ...times }: SessionOptions) {
  const { service, onUserDeleted } = createSessionService(
    app.database,
    {
      openKey: app.keys.open,
      callerOfKey: app.keys.callerOf,
      lockByEmailForShare: app.users.lockByEmailForShare,
      audit: app.audit.record,
      actAs: app.audit.actAs
    },
    times
  )
  const cookie = createCookie(SESSION_COOKIE, own)
  app.decorate('sessions', service)
  app.users.onDelete(onUserDeleted)
  app.access.authenticateBy((request) => {
    const token = cookie.read(request)
    if (token === null) return null
    if (!isSafe(request.method) && !isSameOrigin(request, own))
      throw problems.ORIGIN_REFUSED(
        'With a session, this takes Sec-Fetch-Site: same-origin or the Origin of this server'
      )
    return service.callerOf(token)
  })

  app.maintenance.repeat(PRUNE_EVERY_MS, service.prune, 'pruning expired sessions failed')
}

export default fp(sessions, {
  name: 'sessions',
  dependencies: ['access', 'database', 'maintenance', 'audit', 'users', 'keys', 'origins'],
  fastify: '5.x'
})
