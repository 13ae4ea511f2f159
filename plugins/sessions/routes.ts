import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { SESSION_COOKIE } from '#platform/access/describe.ts'
import { pageHeaders } from '#platform/http/paging.ts'
import { pageOf, pageWindow } from '#schema/shapes/page.ts'
import { ActiveSession, Session, SessionParams, SessionQuery, SignIn } from '#schema/shapes/session.ts'
import { Type } from '#schema/shapes/type.ts'
import { createCookie } from './cookies.ts'
import type { OidcOptions } from './oidc-client.ts'

export interface SessionRouteOptions {
  /** This server's own origin, if it is known. It determines whether cookies are for https. */
  own: string | undefined
  /** The identity provider for browsers; null if there is none. */
  oidc: OidcOptions | null
}

/** `/session` and `/api/sessions`: thin handlers over `app.sessions`. */
export const sessionRoutes: FastifyPluginAsyncTypebox<SessionRouteOptions> = async (app, { own, oidc }) => {
  const tags = ['sessions']
  const cookie = createCookie(SESSION_COOKIE, own)

  app.post(
    '/session',
    {
      config: { access: 'public', limit: 'signIn', location: '/session' },
      schema: {
        tags,
        operationId: 'createSession',
        summary: 'Sign in with a key, on a browser',
        description:
          'Sets a cookie that stands for the key until it expires, is revoked or rotated, or the session ends. An earlier session ends.',
        body: SignIn,
        response: { 201: Session },
        problems: ['CREDENTIALS_INVALID']
      }
    },
    async function onSignIn(request, reply) {
      const visit = { oldToken: cookie.read(request), requestId: request.id }
      const { token, session, maxAgeMs } = await app.sessions.signIn(request.body.key, visit)
      cookie.write(request, reply, token, maxAgeMs)
      reply.code(201)
      return session
    }
  )

  app.get(
    '/session',
    {
      config: { access: 'signed-in' },
      schema: {
        tags,
        operationId: 'getSession',
        summary: 'Who asks, and what they may do',
        response: { 200: Session }
      }
    },
    async function onGet({ caller }) {
      return app.sessions.describe(caller)
    }
  )

  app.delete(
    '/session',
    {
      config: { access: 'signed-in' },
      schema: { tags, operationId: 'deleteSession', summary: 'Sign out', response: { 204: Type.Null() } }
    },
    async function onSignOut(request, reply) {
      const token = cookie.read(request)
      if (token !== null) await app.sessions.signOut(token)
      cookie.write(request, reply, '', 0)
      reply.code(204)
      return null
    }
  )

  app.get(
    '/api/sessions',
    {
      config: { access: 'signed-in' },
      schema: {
        tags,
        operationId: 'listSessions',
        summary: 'List the sessions of the caller, the last used first',
        description:
          'A key has the sessions that began with it; a user who signed in at the identity provider has all of the user. `all=true` lists the sessions of all callers, with the scope `keys:admin`.',
        querystring: SessionQuery,
        response: { 200: pageOf(ActiveSession) }
      }
    },
    async function onList(request, reply) {
      const { caller, query } = request
      const { rows, total } = await app.sessions.list(caller, query)
      pageHeaders(request, reply, pageWindow(query), total)
      return rows
    }
  )

  app.delete(
    '/api/sessions/:id',
    {
      config: { access: 'signed-in' },
      schema: {
        tags,
        operationId: 'endSession',
        summary: 'End a session of the caller; with the scope `keys:admin` any session',
        params: SessionParams,
        response: { 204: Type.Null() },
        problems: ['SESSION_UNKNOWN']
      }
    },
    async function onEnd(request, reply) {
      const { isCurrent } = await app.sessions.end(request.caller, request.params.id)
      if (isCurrent) cookie.write(request, reply, '', 0)
      reply.code(204)
      return null
    }
  )

  app.delete(
    '/api/sessions',
    {
      config: { access: 'signed-in' },
      schema: {
        tags,
        operationId: 'endOtherSessions',
        summary: 'End all sessions of the caller but the one of this request',
        response: { 204: Type.Null() }
      }
    },
    async function onEndOthers({ caller }, reply) {
      await app.sessions.endOthers(caller)
      reply.code(204)
      return null
    }
  )

  if (oidc === null) return
  // Load these packages on demand: they take 4 MiB, and most servers have no provider.
  const [{ createOidcClient }, { oidcRoutes }] = await Promise.all([
    import('./oidc-client.ts'),
    import('./oidc-routes.ts')
  ])
  const client = createOidcClient(oidc, (error) =>
    app.log.warn({ err: error }, 'a sign-in at the provider failed')
  )
  const flowCookie = createCookie('fairlead_sign_in', own)
  await app.register(oidcRoutes, { oidc, client, cookie, flowCookie })
  // The start does not wait for the provider; a wrong issuer is logged before the first sign-in.
  app.addHook('onReady', async () => void client.reach().catch(() => undefined))
}
