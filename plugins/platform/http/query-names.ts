import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { problems } from '#platform/problem/errors.ts'
import { Problem } from '#schema/shapes/problem.ts'
import { describeAnswer } from './describe-answers.ts'
import { suggest } from './nearest.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `any`: other programs decide which query parameters they send, so the route ignores those it does not know. */
    query?: 'any'
  }
}

const MAX_ERRORS = 20

/**
 * Refuses unknown query parameters on the routes of the API, because an ignored filter gives wrong data: 422, which names the nearest
 * parameter of the route's schema. Redirects, pages and probes take any. Register it after what identifies and limits callers.
 */
async function queryNames(app: FastifyInstance) {
  app.addHook('onRoute', (route) => {
    if (!isApiRoute(route)) return
    const { properties = {} } = (route.schema?.querystring ?? {}) as { properties?: object }
    describeAnswer(route, 422, Problem)
    route.onRequest = [...[route.onRequest ?? []].flat(), checkQuery(Object.keys(properties))]
  })
}

/** Routes of the API are described by OpenAPI; of those, redirects and probes take any query. */
function isApiRoute({ schema, config }: RouteOptions): boolean {
  return schema?.tags !== undefined && config?.hot !== true && config?.query !== 'any'
}

function checkQuery(names: readonly string[]) {
  return function onQuery(
    { url, query }: FastifyRequest,
    _reply: unknown,
    done: (error?: Error) => void
  ): void {
    // The router takes a fragment for a query too.
    if (!/^[^#]*\?/.test(url)) {
      done()
      return
    }
    if (!isDecodable(url)) {
      done(problems.REQUEST_MALFORMED('The query is not percent-encoded UTF-8'))
      return
    }
    const unknown = Object.keys(query as object).filter((name) => !names.includes(name))
    if (unknown.length === 0) {
      done()
      return
    }
    const errors = unknown
      .slice(0, MAX_ERRORS)
      .map((path) => ({ path, message: `is not a parameter of this route; ${suggest(path, names)}` }))
    done(
      problems.INPUT_INVALID(errors.map(({ path, message }) => `${path} ${message}`).join('; '), { errors })
    )
  }
}

/** Whether all escapes of a url are UTF-8 (RFC 3986, section 2.5); the query parser keeps others as they are written. */
function isDecodable(url: string): boolean {
  if (!url.includes('%')) return true
  try {
    decodeURIComponent(url)
    return true
  } catch {
    return false
  }
}

export default fp(queryNames, {
  name: 'query-names',
  dependencies: ['access', 'errors', 'limits'],
  fastify: '5.x'
})
