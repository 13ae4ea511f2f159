import { isIP } from 'node:net'
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { problems } from '#platform/access/errors.ts'
import { isSafe } from '#platform/net/methods.ts'

export interface OriginOptions {
  /** Origins (`https://app.example.com`) whose pages may call the API; none by default. */
  allowed: readonly string[]
  /** This server's own origin where it is configured: proxies may rewrite the Host header. */
  own: string | undefined
  /**
   * True if only this machine calls the server: by IP address, as `localhost` or by a name in `ownHosts`. A
   * page under any other name used DNS rebinding: its name server resolved the name to 127.0.0.1.
   */
  onlyLocal?: boolean
  ownHosts?: readonly string[]
}

/** `app.origins`: hooks `onRequest`. */
export interface Origins {
  /** Lets pages of allowed origins read the response. */
  allowReading: onRequestHookHandler
  /** Refuses writes from pages of other sites. */
  refuseForeign: onRequestHookHandler
  /** Answers preflight requests (Fetch, section 4.8); no route takes OPTIONS. */
  answerPreflight: onRequestHookHandler
}

declare module 'fastify' {
  interface FastifyInstance {
    origins: Origins
  }
}

/** Response headers that pages may read besides the safelisted ones (Fetch, section 4.1). */
const EXPOSED =
  'ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Clicks-Pending, X-Request-Id, X-Total-Count'
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers':
    'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id',
  'access-control-max-age': '7200'
}

/**
 * Access of pages on other sites. Browsers let them send forms and files without a preflight (Fetch, section
 * 2.2.2), with the cookies of this server, even to 127.0.0.1. Such writes are refused unless their origin is
 * allowed. Allowed origins may read too (CORS). Requests without `Sec-Fetch-Site` and `Origin` do not come
 * from a browser and pass.
 *
 * Publishes `app.origins`. @fastify/cors would put its hook on the root, where it would run for redirects.
 */
async function origins(app: FastifyInstance, options: OriginOptions) {
  const { allowed, own, onlyLocal = false, ownHosts = [] } = options
  const readers = new Set(allowed)
  const writers = new Set(own === undefined ? allowed : [...allowed, own])

  /** True if a page of another site sent a write (the rules of Go's http.CrossOriginProtection). */
  function isForeign({ method, headers, host }: FastifyRequest): boolean {
    if (isSafe(method)) return false
    const { origin, 'sec-fetch-site': site } = headers
    if (origin !== undefined && writers.has(origin)) return false
    if (onlyLocal && origin !== undefined && isRebound(origin)) return true
    if (site !== undefined) return site !== 'same-origin' && site !== 'none'
    return origin !== undefined && hostOf(origin) !== host.toLowerCase()
  }

  /** True if the page has a host name that is not ours. IP addresses need no DNS and can not be rebound. */
  function isRebound(origin: string): boolean {
    const { hostname = '', host = '' } = URL.parse(origin) ?? {}
    if (isIP(hostname.replace(/^\[|\]$/g, '')) > 0 || ownHosts.includes(host)) return false
    return !/(^|\.)localhost\.?$/.test(hostname)
  }

  const refuseForeign: onRequestHookHandler = (request, _reply, done) => {
    if (!isForeign(request)) done()
    else done(problems.ORIGIN_REFUSED('A page of another site sent this; its origin is not in CORS_ORIGINS'))
  }

  const allowReading: onRequestHookHandler = (request, reply, done) => {
    if (readers.size > 0) {
      const { origin } = request.headers
      // Caches must know that the response varies by origin, even if the request had none.
      reply.header('vary', 'Origin')
      if (origin !== undefined && readers.has(origin))
        reply.headers({ 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED })
    }
    done()
  }

  const answerPreflight: onRequestHookHandler = ({ method, headers }, reply, done) => {
    const { origin, 'access-control-request-method': asked } = headers
    if (method !== 'OPTIONS' || asked === undefined || !readers.has(origin ?? '')) done()
    else
      reply
        .code(204)
        .headers({ ...PREFLIGHT, 'access-control-allow-origin': origin, vary: 'Origin' })
        .send()
  }

  app.decorate('origins', { allowReading, refuseForeign, answerPreflight })
}

/**
 * True if the browser states that a page of this server, or the visitor directly, sent the request. `own` is
 * the server's own origin, if configured. A request without such a statement counts as foreign: callers use
 * this for requests with a cookie.
 */
export function isSameOrigin({ headers, host, protocol }: FastifyRequest, own: string | undefined): boolean {
  const { origin, 'sec-fetch-site': site } = headers
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  return origin !== undefined && (origin === own || origin === `${protocol}://${host}`.toLowerCase())
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null
}

export default fp(origins, { name: 'origins', fastify: '5.x' })
