import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Session, SignIn } from '#schema/shapes/session.ts'
import { Type } from '#schema/shapes/type.ts'
import type { OwnCookie } from './cookies.ts'

/** `/session`: thin handlers over `app.sessions`. */
export const sessionRoutes: FastifyPluginAsyncTypebox<{ cookie: OwnCookie }> = async (app, { cookie }) => {
  const tags = ['sessions']

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
}
