import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import fp from 'fastify-plugin'
import findMyWay from 'find-my-way'
import { problems } from '#platform/problem/errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Handler of a method that a path does not take but a pattern of another route would: 405 with `Allow`. */
    refuseMethod(request: FastifyRequest, reply: FastifyReply): never
  }
}

/**
 * Answers what no route takes: 405 with `Allow` when the path takes other methods (RFC 9110, 15.5.6), else 404.
 * Fastify's router only answers for the method it was asked for, so the routes are kept once more in a router of
 * the same kind, which costs nothing until a request misses. Register it before the routes.
 */
async function notFoundHandler(app: FastifyInstance) {
  const router = findMyWay({ ignoreTrailingSlash: true })
  const methods = new Set<HTTPMethods>()
  const seen = new Set<string>()
  app.addHook('onRoute', ({ method, path, handler }) => {
    if (handler === refuse) return
    for (const one of [method].flat()) {
      if (seen.has(`${one} ${path}`)) continue
      seen.add(`${one} ${path}`)
      methods.add(one)
      router.on(one as findMyWay.HTTPMethod, path, () => undefined, path)
    }
  })

  function refuse(request: FastifyRequest, reply: FastifyReply): never {
    const path = request.url.split('?', 1)[0] ?? '/'
    const found = [...methods].flatMap((one) => {
      const store = router.find(one as findMyWay.HTTPMethod, path)?.store
      return store == null ? [] : [{ method: one, isExact: store === path.replace(/(?<=.)\/$/, '') }]
    })
    // A path of our own is no short code, which would take GET.
    const exact = found.filter(({ isExact }) => isExact)
    const allowed = (exact.length > 0 ? exact : found).map(({ method }) => method)
    if (allowed.length === 0 || allowed.includes(request.method))
      throw problems.NOT_FOUND(`There is nothing at ${path}`)
    reply.header('allow', allowed.sort().join(', '))
    throw problems.METHOD_NOT_ALLOWED(
      `${request.method} is not allowed at ${path}; it takes ${allowed.join(', ')}`
    )
  }

  app.decorate('refuseMethod', refuse)

  await app.register(async (scope) => {
    scope.watchRequests(scope)
    scope.answerPreflights(scope)
    // Before the body is looked at: what it is makes no difference where nothing takes it.
    scope.addHook('onRequest', async (request, reply) => refuse(request, reply))
    // For who comes from a route, such as one of static files.
    scope.setNotFoundHandler(refuse)
  })
}

export default fp(notFoundHandler, {
  name: 'not-found',
  dependencies: ['errors', 'requests', 'origins'],
  fastify: '5.x'
})
