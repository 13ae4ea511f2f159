import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { TieredCache } from '#platform/cache/tiered.ts'
import { createAddressReader } from '#platform/net/client-address.ts'
import type { Waiter } from '#platform/queue/batcher.ts'
import type { CachedLink } from './cached-link.ts'
import type { Timer } from './redirect-histogram.ts'
import { isPlain } from './resolve.ts'
import { CACHE_CONTROL, type RecordVisit } from './visit.ts'

export interface FastLaneOptions {
  links: TieredCache<CachedLink>
  followed: Timer
  record: RecordVisit
  /** Proxies whose X-Forwarded-For is believed: addresses or CIDRs. */
  trustProxy: string[]
}

/** Longest path that can be a code: `/` and 64 characters. */
const MAX_PATH = 65

/**
 * Answers `GET /:short_code` of a link that is held in process before the framework sees the request: router, request and
 * reply objects and the listeners of a logging server are a fifth of what such a redirect costs (docs/adr/2026-11-25-fast-lane.md).
 * Everything else goes the framework's way, which answers the same to the byte: other paths and methods, what has to be
 * looked up, links that are not plain (resolve.ts), a click that nothing takes, and all of it once the server closes, when
 * answers say `Connection: close`.
 *
 * Codes that a route of its own stands before (an imported link may be called `users`) are that route's.
 */
export function openFastLane(app: FastifyInstance, options: FastLaneOptions): void {
  const { links, followed, record, trustProxy } = options
  const { server } = app
  const addressOf = createAddressReader(trustProxy)
  /** Codes that are paths of routes. */
  const taken = new Set<string>()

  let framework: RequestListener

  /** A redirect that waits for its click. An object with what it needs: closures would be three. */
  class Waiting implements Waiter {
    readonly cachedLink: CachedLink
    readonly request: IncomingMessage
    readonly response: ServerResponse
    readonly start = performance.now()

    constructor(cachedLink: CachedLink, request: IncomingMessage, response: ServerResponse) {
      this.cachedLink = cachedLink
      this.request = request
      this.response = response
    }

    onTaken(): void {
      followed.observe(performance.now() - this.start)
      const { location } = this.cachedLink
      this.response.writeHead(302, { location, 'cache-control': CACHE_CONTROL, 'content-length': '0' }).end()
    }

    onRefused(): void {
      framework(this.request, this.response)
    }
  }

  function answers(request: IncomingMessage, response: ServerResponse): boolean {
    const { url } = request
    if (url === undefined || url.length > MAX_PATH || request.method !== 'GET') return false
    const cachedLink = links.held(url.slice(1))
    if (cachedLink === undefined || !isPlain(cachedLink, Date.now())) return false
    // The link's own text: its hash is known, that of the request's is not.
    if (taken.has(cachedLink.shortCode) || !server.listening) return false
    record(cachedLink, request, addressOf(request), new Waiting(cachedLink, request, response))
    return true
  }

  app.addHook('onReady', async () => {
    for (const { url } of app.access.routes()) taken.add(url.slice(1))
    const [listener] = server.listeners('request') as RequestListener[]
    if (listener === undefined) throw new Error('The server has no request listener yet')
    framework = listener
    server.removeListener('request', framework)
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (!answers(request, response)) framework(request, response)
    })
  })
}
