import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onResponseHookHandler,
  RouteOptions
} from 'fastify'
import fp from 'fastify-plugin'
import { truncateAddress } from '#platform/net/address.ts'
import { createAddressReader } from '#platform/net/client-address.ts'
import { problems } from '#platform/problem/errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Watches the requests of a scope that are answered outside a route (the not-found handler). */
    watchRequests(scope: FastifyInstance): void
  }
  interface FastifyRequest {
    /** The IP address of the client, as trusted proxies say. Fastify's own `ip` may hold a port. */
    readonly address: string
  }
  interface FastifyContextConfig {
    /** A route at the framework's limit: no request histogram, and a log line and request id for errors only. */
    hot?: boolean
  }
}

/**
 * Watches every request that is not `config.hot`: one log line and one histogram sample when it is answered, and
 * the request id as `X-Request-Id`. The hooks are put on the routes as they are added, not on the root, so that
 * hot routes run without them. Register it before the routes.
 */
async function requestLog(app: FastifyInstance, { trustProxy = [] }: { trustProxy?: readonly string[] }) {
  const addressOf = createAddressReader(trustProxy)
  app.decorateRequest('address', {
    getter(this: FastifyRequest) {
      return addressOf(this.raw)
    }
  })
  const duration = new app.metrics.client.Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to answer, by route pattern; redirects have their own histogram',
    labelNames: ['method', 'route', 'status_code'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [app.metrics.client.register]
  })
  const onResponse: onResponseHookHandler = (request, reply, done) => {
    duration
      .labels(request.method, routeOf(request), String(reply.statusCode))
      .observe(reply.elapsedTime / 1000)
    logRequest(request, reply)
    done()
  }
  app.addHook('onRoute', (route: RouteOptions) => {
    if (route.config?.hot) return
    route.onRequest = [onRequest, ...[route.onRequest ?? []].flat()]
    route.onResponse = [...[route.onResponse ?? []].flat(), onResponse]
  })
  // Node knows the address of a peer after its connection has ended only if it was read before. A request may outlive its connection:
  // nginx gave the replica up and asked another one. Without an address the replica would not believe the name that nginx gave the
  // visit, and the visit would count twice.
  app.server.on('connection', (socket) => void socket.remoteAddress)
  // Expectations other than 100-continue may be ignored (RFC 9110, 10.1.1); Node would refuse them without a body.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
  // What no route takes is no route either: the not-found handler gets the hooks from a scope of its own.
  app.decorate('watchRequests', (scope: FastifyInstance) => {
    scope.addHook('onRequest', onRequest)
    scope.addHook('onResponse', onResponse)
  })
}

function routeOf({ routeOptions }: FastifyRequest): string {
  return routeOptions.url ?? '(none)'
}

/** Field of the log that has the id of a request; nginx writes the same (ops/nginx/fairlead.conf.template). */
export const REQUEST_ID_FIELD = 'request_id'

/** Logs an answered request as one line. */
export function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  request.log.info(
    {
      method: request.method,
      route: routeOf(request),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 100) / 100,
      ip: truncateAddress(request.address),
      // Absent from the line where there is no key.
      key_id: request.caller?.keyId ?? undefined
    },
    'request'
  )
}

/** Whether a request has two `Host` headers, of which Node shows the first and a proxy may have read the other. */
function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.filter((name, place) => place % 2 === 0 && name.toLowerCase() === 'host').length > 1
}

/** What a Host may hold: the characters of RFC 3986, section 3.2.2, and a port. */
const HOST = /^[\w.~!$&'()*+,;=%:[\]-]+$/

/**
 * What browsers are told about answers that are no pages (OWASP REST security): take the type as said, show nothing of
 * it as a page, in no frame, to no other site, and keep nothing.
 */
export const ANSWER_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store'
}

/** Sends the request id and the headers of all answers, and refuses a Host that no address could be made of (RFC 9112, section 3.2). */
function onRequest(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) {
  reply.header('x-request-id', request.id)
  // Pages have said what is theirs (pages.ts): hooks of their scope come before those of routes.
  if (!reply.hasHeader('content-security-policy')) reply.headers(ANSWER_HEADERS)
  // Who names neither length nor coding sends no body (RFC 9112, section 6.3); a type would have the framework wait for it.
  const { headers } = request.raw
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)
    delete headers['content-type']
  const { host } = request
  if (hasTwoHosts(request.raw)) done(problems.HOST_UNUSABLE('Send one Host header'))
  else if (host === '' ? request.raw.httpVersion !== '1.1' : HOST.test(host)) done()
  else done(problems.HOST_UNUSABLE('Send the name of the server in the Host header'))
}

const processPrefix = randomBytes(6).toString('base64url')
let sequence = 0

/** The id of a request: the client's `X-Request-Id` where it is a plain token, else one unique among replicas. */
export function createRequestId(request: IncomingMessage): string {
  const sent = request.headers['x-request-id']
  if (typeof sent === 'string' && /^[\w.:-]{1,128}$/.test(sent)) return sent
  sequence++
  return `${processPrefix}-${sequence.toString(36)}`
}

export default fp(requestLog, { name: 'requests', dependencies: ['metrics'], fastify: '5.x' })
