import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import {
  type CachedLink,
  checkCachedLink,
  encodeCachedLink,
  LINK_FORMAT,
  toCachedLink
} from './cached-link.ts'
import { openFastLane } from './fast-lane.ts'
import { createRedirectHistogram } from './redirect-histogram.ts'
import { followRoutes } from './routes.ts'
import { createRecorder } from './visit.ts'
import { createVisitReader } from './visit-ids.ts'
import { watchBlocklist } from './watch-blocklist.ts'

export interface RedirectOptions {
  /** Whether visitors who ask not to be tracked are counted without any trace of who they are. */
  honourOptOut: boolean
  /** Whether links held in process are answered before the framework, which would trace them. */
  fastLane: boolean
  /** Proxies whose X-Forwarded-For and X-Visit-Id are believed: addresses or CIDRs. */
  trustProxy: string[]
}

/**
 * Follows links. They are looked up in the cache `links`, which app.urls invalidates with each change; each 302 is handed
 * to app.clicks, which makes one click event of it. Publishes nothing. Answers 403 for a blocked target, 404 for a code that leads nowhere, 410
 * past an expiry, 429 to who asks for too many unknown codes, 503 with Retry-After when neither cache nor database can say, or when nothing can take the click.
 */
async function redirects(app: FastifyInstance, options: RedirectOptions) {
  const check = (cachedLink: CachedLink) => checkCachedLink(cachedLink, app.blocklist.blocks)
  const links = app.cache.open<CachedLink>({
    name: 'links',
    format: LINK_FORMAT,
    async load(key) {
      const target = await app.urls.findByKey(key)
      return target && check(toCachedLink(target))
    },
    versionOf: (cachedLink) => cachedLink.version,
    encode: encodeCachedLink,
    decode: (text) => check(JSON.parse(text))
  })
  watchBlocklist(app, links, check)
  const histogram = createRedirectHistogram(app)
  const record = createRecorder(app.clicks, options.honourOptOut, createVisitReader(options.trustProxy))
  await app.register(followRoutes, { links, histogram, record, unknownCodes: app.limits.unknownCodes })
  if (options.fastLane)
    openFastLane(app, { links, followed: histogram.followed, record, trustProxy: options.trustProxy })
}

export default fp(redirects, {
  name: 'redirects',
  encapsulate: true,
  dependencies: ['access', 'metrics', 'errors', 'cache', 'clicks', 'limits', 'blocklist', 'urls'],
  fastify: '5.x'
})
