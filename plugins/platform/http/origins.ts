import { isIP } from 'node:net'
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { problems } from '#platform/access/errors.ts'
import { isSafe } from '#platform/net/methods.ts'

export interface OriginOptions {
  /** Origins (`https://app.example.com`) whose pages may call the API; none by default. */
  allowed: readonly string[]
  /** This server's own origin where it is known: proxies may rewrite the Host that would tell. */
  own: string | undefined
  /**
   * Whether only this machine asks, by an address, as `localhost` or by a name of `ownHosts`: a page under any other name was led
   * here by a name server that points it at 127.0.0.1 (DNS rebinding).
   */
  onlyLocal?: boolean
  ownHosts?: readonly string[]
}

/** `app.origins`: hooks `onRequest`. */
export interface Origins {
  /** Lets pages of allowed origins read the answer. */
  allowReading: onRequestHookHandler
  /** Refuses a change that a page of another site sent. */
  refuseForeign: onRequestHookHandler
  /** Answers preflight requests (Fetch, section 4.8); no route takes OPTIONS. */
  answerPreflight: onRequestHookHandler
}

declare module 'fastify' {
  interface FastifyInstance {
    origins: Origins
  }
}

/** What pages may read of an answer beside what any page may (Fetch, section 4.1). */
const EXPOSED =
  'Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Clicks-Pending, X-Request-Id, X-Total-Count'
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
  'access-control-allow-headers': 'Authorization, Content-Type, Idempotency-Key, X-Request-Id',
  'access-control-max-age': '7200'
}

/**
 * What pages of other sites may do here. Their browsers send forms and files without asking (Fetch, section 2.2.2), with
 * the cookies of this server, and to a server on 127.0.0.1 too: such writes are refused, unless their origin is allowed.
 * Allowed origins may read too (CORS). Requests without `Sec-Fetch-Site` and `Origin` come from no browser and pass.
 *
 * Publishes `app.origins`. @fastify/cors would put its hook on the root, where redirects would run it.
 */
async function origins(app: FastifyInstance, options: OriginOptions) {
  const { allowed, own, onlyLocal = false, ownHosts = [] } = options
  const readers = new Set(allowed)
  const writers = new Set(own === undefined ? allowed : [...allowed, own])

  /** Whether a page of another site sent a request that changes something (as Go's http.CrossOriginProtection judges). */
  function isForeign({ method, headers, host }: FastifyRequest): boolean {
    if (isSafe(method)) return false
    const { origin, 'sec-fetch-site': site } = headers
    if (origin !== undefined && writers.has(origin)) return false
    if (onlyLocal && origin !== undefined && isRebound(origin)) return true
    if (site !== undefined) return site !== 'same-origin' && site !== 'none'
    return origin !== undefined && hostOf(origin) !== host.toLowerCase()
  }

  /** Whether the page has a name that this server does not go by; who has an address for one needs no name server. */
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
      // Caches must know that the answer differs by origin, also where the request had none.
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
 * Whether the browser says that a page of this server sent a request (or the visitor, past all pages). Takes the server's own
 * origin where it is known. A request that says nothing is not believed: whoever asks this has seen a cookie.
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
