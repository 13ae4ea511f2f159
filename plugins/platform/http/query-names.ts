import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { problems } from '#platform/problem/errors.ts'
import { suggest } from './nearest.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `any`: other programs decide which query parameters they send, so the route ignores those it does not know. */
    query?: 'any'
  }
}

const MAX_ERRORS = 20

/**
 * Hook `onRequest`: refuses query parameters that the route's schema does not have, because an ignored filter
 * gives wrong data: 422, which names the nearest parameter.
 */
export const checkQueryNames: onRequestHookHandler = (request, _reply, done) => {
  // The router takes a fragment for a query too.
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
