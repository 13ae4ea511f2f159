import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { SESSION_COOKIE } from '#platform/access/describe.ts'
import { problems } from '#platform/access/errors.ts'
import { repeat } from '#platform/async/repeat.ts'
import { isSameOrigin } from '#platform/http/origins.ts'
import { createCookie } from './cookies.ts'
import type { OidcOptions } from './oidc-client.ts'
import { sessionRoutes } from './routes.ts'
import { createSessionService, type SessionService, type SessionTimes } from './service.ts'

declare module 'fastify' {
  interface FastifyInstance {
    sessions: SessionService
  }
}

export interface SessionOptions extends SessionTimes {
  routes: boolean
  /** This server's own origin where it is known: tells whether it is reached over https. */
  own: string | undefined
  /** The provider of identities that browsers may sign in at; none when null. */
  oidc: OidcOptions | null
}

const PRUNE_EVERY_MS = 600_000
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Sessions of browsers: publishes `app.sessions`, tells `app.access` whose session a cookie is, and, unless `routes` is false,
 * serves `/session`. Each request with a session asks the database, so the end of one is known everywhere at once. What changes
 * something must come from a page of this server. See docs/adr/2026-11-25-sessions.md.
 */
async function sessions(app: FastifyInstance, { routes, own, oidc, ...times }: SessionOptions) {
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
    if (!SAFE.has(request.method) && !isSameOrigin(request, own))
      throw problems.ORIGIN_REFUSED(
        'With a session, this takes Sec-Fetch-Site: same-origin or the Origin of this server'
      )
    return service.callerOf(token)
  })
  if (routes) await app.register(sessionRoutes, { cookie })
  if (routes && oidc !== null) {
    // Most servers have no provider, and what this stands on takes 4 MiB.
    const [{ createOidcClient }, { oidcRoutes }] = await Promise.all([
      import('./oidc-client.ts'),
      import('./oidc-routes.ts')
    ])
    const client = createOidcClient(oidc, (error) =>
      app.log.warn({ err: error }, 'a sign-in at the provider failed')
    )
    const flowCookie = createCookie('fairlead_sign_in', own)
    await app.register(oidcRoutes, { oidc, client, cookie, flowCookie })
    // The start does not wait for it; a wrong issuer is in the log before somebody wants to sign in.
    app.addHook('onReady', async () => void client.reach().catch(() => undefined))
  }

  repeat(app, PRUNE_EVERY_MS, () =>
    app.maintenance.run(service.prune).then(
      () => undefined,
      // What waits for the database now is pruned the next time.
      (error: Error) => app.log.warn({ err: error }, 'sessions that are over wait for deletion')
    )
  )
}

export default fp(sessions, {
  name: 'sessions',
  dependencies: ['access', 'database', 'maintenance', 'audit', 'users', 'keys', 'origins'],
  fastify: '5.x'
})
