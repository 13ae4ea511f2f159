import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import fp from 'fastify-plugin'
import findMyWay from 'find-my-way'
import { problems } from '#platform/problem/errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Refuses requests without a route: 405 with `Allow` if the path has other methods, else 404. It is both
     * a hook `onRequest`, which leaves the body unread, and a handler.
     */
    refuseUnknown(request: FastifyRequest, reply: FastifyReply): never
  }
  interface FastifyContextConfig {
    /** Set for a route that takes forms of our own pages, and to other clients is a method not allowed. */
    isForm?: boolean
  }
}

/**
 * Publishes `app.refuseUnknown` (RFC 9110, section 15.5.6). Fastify's router searches only the method of the
 * request. So this plugin keeps the routes in a second router of the same kind, which costs nothing until a
 * request misses. Register it before the routes.
 */
async function notFound(app: FastifyInstance) {
  const router = findMyWay({ ignoreTrailingSlash: true })
  const methods = new Set<HTTPMethods>()
  const seen = new Set<string>()
  app.addHook('onRoute', ({ method, path, handler, config }) => {
    if (handler === refuseUnknown || config?.isForm) return
    for (const one of [method].flat()) {
      if (seen.has(`${one} ${path}`)) continue
      seen.add(`${one} ${path}`)
      methods.add(one)
      router.on(one as findMyWay.HTTPMethod, path, () => undefined, path)
    }
  })

  function refuseUnknown(request: FastifyRequest, reply: FastifyReply): never {
    const path = request.url.split('?', 1)[0] ?? '/'
    const found = [...methods].flatMap((one) => {
      const store = router.find(one as findMyWay.HTTPMethod, path)?.store
      return store == null ? [] : [{ method: one, isExact: store === path.replace(/(?<=.)\/$/, '') }]
    })
    // A path of the API is not a short code, although the redirect route would match its GET.
    const exact = found.filter(({ isExact }) => isExact)
    const allowed = (exact.length > 0 ? exact : found).map(({ method }) => method)
    if (allowed.length === 0 || allowed.includes(request.method))
      throw problems.NOT_FOUND(`There is nothing at ${path}`)
    reply.header('allow', allowed.sort().join(', '))
    throw problems.METHOD_NOT_ALLOWED(
      `${request.method} is not allowed at ${path}; it takes ${allowed.join(', ')}`
    )
  }

  app.decorate('refuseUnknown', refuseUnknown)
}

export default fp(notFound, { name: 'not-found', fastify: '5.x' })
