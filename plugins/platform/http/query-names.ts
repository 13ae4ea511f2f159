import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { problems } from '#platform/problem/errors.ts'
import { suggest } from './nearest.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `any`: ignores unknown query parameters, because other programs choose what they send. */
    query?: 'any'
  }
}

const MAX_ERRORS = 20

/**
 * Hook `onRequest`: refuses query parameters that are not in the route's schema, because an ignored filter
 * gives wrong data. The 422 names the nearest parameter.
 */
export const checkQueryNames: onRequestHookHandler = (request, _reply, done) => {
  // The router also parses the fragment as a query.
  if (request.url.includes('?') && /^[^#]*\?/.test(request.url)) checkQuery(request)
  done()
}

function checkQuery({ url, query, routeOptions: { schema, config } }: FastifyRequest): void {
  if (config.query === 'any') return
  if (!isDecodable(url)) throw problems.REQUEST_MALFORMED('The query is not percent-encoded UTF-8')
  const { properties = {} } = (schema?.querystring ?? {}) as { properties?: object }
  const names = Object.keys(properties)
  const unknown = Object.keys(query as object).filter((name) => !names.includes(name))
  if (unknown.length === 0) return
  const errors = unknown
    .slice(0, MAX_ERRORS)
    .map((path) => ({ path, message: `is not a parameter of this route; ${suggest(path, names)}` }))
  throw problems.INPUT_INVALID(errors.map(({ path, message }) => `${path} ${message}`).join('; '), { errors })
}

/** True if all escapes of a URL are UTF-8 (RFC 3986, section 2.5); the query parser keeps others encoded. */
function isDecodable(url: string): boolean {
  if (!url.includes('%')) return true
  try {
    decodeURIComponent(url)
    return true
  } catch {
    return false
  }
}
