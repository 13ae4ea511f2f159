import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { TieredCache } from '#platform/cache/tiered.ts'
import { createAddressReader } from '#platform/net/client-address.ts'
import type { Waiter } from '#platform/queue/batcher.ts'
import type { Clicks } from '#plugins/clicks/contract.ts'
import type { CachedLink } from './cached-link.ts'
import type { Timer } from './redirect-histogram.ts'
import { isPlain } from './resolve.ts'
import { CACHE_CONTROL, type DescribeVisit } from './visit.ts'

export interface FastLaneOptions {
  links: TieredCache<CachedLink>
  /** Returns the key of a code (Codes.keyOf). */
  keyOf(code: string): string
  followed: Timer
  clicks: Clicks
  describe: DescribeVisit
  /** Trusted proxies, whose X-Forwarded-For is used: addresses or CIDRs. */
  trustProxy: string[]
}

/** Length of the longest path that can be a code: `/` and 64 characters. */
const MAX_PATH = 65

/**
 * Answers `GET /:short_code` for links cached in process, before the framework sees the request. Router,
 * request and reply objects and logging listeners are a fifth of the cost of such a redirect
 * (docs/adr/2026-11-25-fast-lane.md).
 *
 * The framework serves all other requests, with identical bytes: other paths and methods, links that need a
 * lookup or are not plain (resolve.ts), and clicks that can't be recorded. While the server closes, it serves
 * all requests, because answers then have `Connection: close`.
 *
 * A route takes precedence over a link of the same name: an imported link may be called `users`.
 */
export function openFastLane(app: FastifyInstance, options: FastLaneOptions): void {
  const { links, keyOf, followed, clicks, describe, trustProxy } = options
  const { server } = app
  const addressOf = createAddressReader(trustProxy)
  /** Codes that equal the path of a route. */
  const taken = new Set<string>()

  let framework: RequestListener

  /** A redirect that waits for its click. One object replaces three closures. */
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
      const { location, status } = this.cachedLink
      this.response
        .writeHead(status, { location, 'cache-control': CACHE_CONTROL, 'content-length': '0' })
        .end()
    }

    onRefused(): void {
      framework(this.request, this.response)
    }
  }

  function answers(request: IncomingMessage, response: ServerResponse): boolean {
    const { url } = request
    if (url === undefined || url.length > MAX_PATH || request.method !== 'GET') return false
    const cachedLink = links.held(keyOf(url.slice(1)))
    if (cachedLink === undefined || !isPlain(cachedLink, Date.now())) return false
    // The cached link's string has its hash already; the request's does not.
    if (taken.has(keyOf(cachedLink.shortCode)) || !server.listening) return false
    const draft = describe(cachedLink, request, addressOf(request))
    clicks.add(draft, new Waiting(cachedLink, request, response))
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
