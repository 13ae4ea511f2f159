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
    /** Hook `onResponse`: one log line and one histogram sample per response. */
    logAnswer: onResponseHookHandler
  }
  interface FastifyRequest {
    /** The client's IP address by the trusted proxies. Fastify's own `ip` may hold a port. */
    readonly address: string
  }
  interface FastifyContextConfig {
    /** Marks a redirect: its input is not validated, and OpenAPI describes it accordingly. */
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
  // The library builds and hashes a labels object to find a series. This map avoids that, and it is bounded:
  // one series per route, method and status.
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
  // Reads the peer address early: after a connection ends, Node knows it only if it was read before. A
  // request may outlive its connection when nginx gives the replica up and tries another one. Without the
  // address the replica would ignore the visit id of nginx, and the visit would count twice.
  app.server.on('connection', (socket) => void socket.remoteAddress)
  // Servers may ignore expectations except 100-continue (RFC 9110, 10.1.1); Node answers an empty 417.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
}

function routeOf({ routeOptions }: FastifyRequest): string {
  return routeOptions.url ?? '(none)'
}

/** Log field with the request id; nginx uses the same name (ops/nginx/fairlead.conf.template). */
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
      // Omitted without a key.
      key_id: request.caller?.keyId ?? undefined
    },
    'request'
  )
}

/** True if a request has two `Host` headers: Node uses the first, and a proxy may have used the other. */
function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host') count++
  }
  return count > 1
}

/** Valid characters of a Host (RFC 3986, section 3.2.2), including a port. */
const HOST = /^[\w.~!$&'()*+,;=%:[\]-]+$/

/**
 * Headers of responses that are not pages (OWASP REST security). Browsers must not sniff the type, render it
 * as a page, frame it, share it with other sites or store it.
 */
export const ANSWER_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store'
}

/** Hook `onRequest` of everything except pages: sends {@link ANSWER_HEADERS}. */
export const secureAnswer: onRequestHookHandler = (_request, reply, done) => {
  reply.headers(ANSWER_HEADERS)
  done()
}

/** Hook `onRequest`: sends the request id and refuses an invalid Host (RFC 9112, section 3.2). */
export const openRequest: onRequestHookHandler = (request, reply, done) => {
  reply.header('x-request-id', request.id)
  // A request with neither length nor coding has no body (RFC 9112, section 6.3); with a content type the
  // framework would wait for one.
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

/** The request id: the client's `X-Request-Id` if it is a plain token, else one unique among replicas. */
export function createRequestId(request: IncomingMessage): string {
  const sent = request.headers['x-request-id']
  if (typeof sent === 'string' && /^[\w.:-]{1,128}$/.test(sent)) return sent
  sequence++
  return `${processPrefix}-${sequence.toString(36)}`
}

export default fp(requestLog, { name: 'requests', dependencies: ['metrics'], fastify: '5.x' })
