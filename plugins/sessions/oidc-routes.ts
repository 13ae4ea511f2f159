import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { sendPageOrProblem } from '#platform/http/error-page.ts'
import { answerError } from '#platform/http/errors.ts'
import { Type } from '#schema/shapes/type.ts'
import type { OwnCookie } from './cookies.ts'
import { notPagePath, signInFailed } from './errors.ts'
import type { OidcClient, OidcOptions } from './oidc-client.ts'
import { createFlowSeal, FLOW_MS, isPagePath } from './oidc-flow.ts'
import { readIdentity } from './oidc-identity.ts'

export interface OidcRouteOptions {
  oidc: OidcOptions
  client: OidcClient
  cookie: OwnCookie
  /** Keeps the flow while the browser visits the provider. */
  flowCookie: OwnCookie
}

/**
 * `/session/oidc`: redirects to the provider, and handles the return. Any site may link to the first route;
 * the second accepts only the flow that this browser began. There is no HEAD, because it would redeem the
 * code.
 */
export const oidcRoutes: FastifyPluginAsyncTypebox<OidcRouteOptions> = async (
  app,
  { oidc, client, cookie, flowCookie }
) => {
  const tags = ['sessions']
  const { seal, open } = createFlowSeal(oidc.clientSecret, Date.now)
  // People follow these links, so what fails is a page.
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, sendPageOrProblem))
  let pages: string[] = []
  app.addHook('onReady', async () => {
    pages = app.access.routes().flatMap(({ url, isPage }) => (isPage ? [url] : []))
  })

  app.get(
    '/session/oidc',
    {
      exposeHeadRoute: false,
      config: { access: 'public' },
      schema: {
        tags,
        operationId: 'beginSignIn',
        summary: 'Sign in at the provider of identities: leads there (302)',
        querystring: Type.Object({
          return_to: Type.Optional(
            Type.String({
              maxLength: 2_000,
              description: 'Path of a page of this server to go to afterwards',
              default: '/'
            })
          )
        }),
        response: { 302: Type.Null({ headers: { Location: { type: 'string' } } }) },
        problems: ['PROVIDER_UNAVAILABLE']
      }
    },
    async function onBegin(request, reply) {
      const { return_to: returnTo = '/' } = request.query
      if (!isPagePath(returnTo, pages)) throw notPagePath()
      const { location, flow } = await client.begin()
      flowCookie.write(request, reply, seal({ ...flow, returnTo }), FLOW_MS)
      reply.code(302).header('location', location)
      return null
    }
  )

  app.get(
    '/session/oidc/callback',
    {
      exposeHeadRoute: false,
      config: { access: 'public', limit: 'signIn', query: 'any' },
      schema: {
        tags,
        operationId: 'finishSignIn',
        summary: 'Where the provider sends browsers back to: signs in and redirects (302)',
        response: { 302: Type.Null({ headers: { Location: { type: 'string' } } }) },
        problems: ['SIGN_IN_FAILED', 'SIGN_IN_REFUSED', 'PROVIDER_UNAVAILABLE']
      }
    },
    async function onReturn(request, reply) {
      const sealed = flowCookie.read(request)
      flowCookie.write(request, reply, '', 0)
      const flow = sealed === null ? null : open(sealed)
      if (flow === null) throw signInFailed()
      const claims = await client.finish(request.url.split('?', 2)[1] ?? '', flow)
      const visit = { oldToken: cookie.read(request), requestId: request.id }
      const { token, maxAgeMs } = await app.sessions.signInUser(readIdentity(claims, oidc), visit)
      cookie.write(request, reply, token, maxAgeMs)
      reply.code(302).header('location', app.publicPath + flow.returnTo)
      return null
    }
  )
}
