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
  /** Count visitors that opt out of tracking without any identifying data. */
  honourOptOut: boolean
  /** Answer links cached in process before the framework, which would trace them. */
  fastLane: boolean
  /** Trusted proxies, whose X-Forwarded-For and X-Visit-Id are used: addresses or CIDRs. */
  trustProxy: string[]
}

/**
 * Redirects. The cache `links` serves the lookups, and app.urls invalidates it on each change. Each 302
 * becomes one click event through app.clicks. Publishes nothing.
 *
 * Answers 403 for a blocked target, 404 for an unknown code, 410 for an expired link, and 429 after too many
 * unknown codes. Answers 503 with Retry-After when cache and database both fail, or when the click can't be
 * recorded.
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
  const { keyOf } = app.urls.codes
  await app.register(followRoutes, { links, keyOf, histogram, record, unknownCodes: app.limits.unknownCodes })
  if (options.fastLane)
    openFastLane(app, { links, keyOf, followed: histogram.followed, record, trustProxy: options.trustProxy })
}

export default fp(redirects, {
  name: 'redirects',
  encapsulate: true,
  dependencies: ['access', 'metrics', 'errors', 'cache', 'clicks', 'limits', 'blocklist', 'urls'],
  fastify: '5.x'
})
