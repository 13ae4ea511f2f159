import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onRequestHookHandler,
  onResponseHookHandler
} from 'fastify'
import fp from 'fastify-plugin'
import { truncateAddress } from '#platform/net/address.ts'
import { createAddressReader } from '#platform/net/client-address.ts'
import { problems } from '#platform/problem/errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Hook `onResponse`: one log line and one histogram sample for each request that is answered. */
    logAnswer: onResponseHookHandler
  }
  interface FastifyRequest {
    /** The IP address of the client, as trusted proxies say. Fastify's own `ip` may hold a port. */
    readonly address: string
  }
  interface FastifyContextConfig {
    /** A redirect: its input is not validated, and OpenAPI says so. */
    hot?: boolean
  }
}

/** Publishes `app.logAnswer` and `request.address`. */
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
  // The library builds and hashes an object of labels to find a series. There are as many as routes, methods
  // and statuses.
  const series = new Map<string, { observe(seconds: number): void }>()
  function observe(method: string, route: string, status: number, ms: number): void {
    const name = `${method} ${route} ${status}`
    let found = series.get(name)
    if (found === undefined) {
      found = duration.labels(method, route, String(status))
      series.set(name, found)
    }
    found.observe(ms / 1_000)
  }

  app.decorate('logAnswer', function logAnswer(request, reply, done) {
    observe(request.method, routeOf(request), reply.statusCode, reply.elapsedTime)
    logRequest(request, reply)
    done()
  })
  // Node knows the address of a peer after its connection has ended only if it was read before. A request may outlive its connection:
  // nginx gave the replica up and asked another one. Without an address the replica would not believe the name that nginx gave the
  // visit, and the visit would count twice.
  app.server.on('connection', (socket) => void socket.remoteAddress)
  // Expectations other than 100-continue may be ignored (RFC 9110, 10.1.1); Node would refuse them without a body.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
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
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host') count++
  }
  return count > 1
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

/** Hook `onRequest` of everything that is no page: sends the headers above. */
export const secureAnswer: onRequestHookHandler = (_request, reply, done) => {
  reply.headers(ANSWER_HEADERS)
  done()
}

/**
 * Hook `onRequest`: sends the request id, and refuses a Host that no address could be made of (RFC 9112,
 * section 3.2).
 */
export const openRequest: onRequestHookHandler = (request, reply, done) => {
  reply.header('x-request-id', request.id)
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
