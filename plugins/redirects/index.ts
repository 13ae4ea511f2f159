import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Brand } from '#platform/http/brand.ts'
import {
  type CachedLink,
  checkCachedLink,
  encodeCachedLink,
  LINK_FORMAT,
  toCachedLink
} from './cached-link.ts'
import { openFastLane } from './fast-lane.ts'
import { createFindLink, createPreviewLoader, type FindLink } from './find-link.ts'
import { guardedRoutes } from './guarded-routes.ts'
import { createLock } from './lock.ts'
import { createPages } from './pages/pages.ts'
import { pageRoutes } from './pages/routes.ts'
import { createRedirectHistogram } from './redirect-histogram.ts'
import { followRoutes } from './routes.ts'
import { createDescription } from './visit.ts'
import { createVisitReader } from './visit-ids.ts'
import { createVisitLimit } from './visit-limit.ts'
import { watchBlocklist } from './watch-blocklist.ts'

declare module 'fastify' {
  interface FastifyInstance {
    redirects: { findLink: FindLink }
  }
}

export interface RedirectOptions {
  /** Count visitors that opt out of tracking without any identifying data. */
  honourOptOut: boolean
  /** Answer links cached in process before the framework, which would trace them. */
  fastLane: boolean
  /** Trusted proxies, whose X-Forwarded-For and X-Visit-Id are used: addresses or CIDRs. */
  trustProxy: string[]
  /** How pages for visitors look. */
  brand: Brand
  /** True if `/` is the landing page. */
  hasLanding: boolean
  /** URL schemes that targets may have. */
  schemes: string[]
  /** True if PUBLIC_URL is https. */
  isSecure: boolean
}

/**
 * Redirects. The cache `links` serves the lookups, and app.urls invalidates it on each change. Each 302
 * becomes one click event through app.clicks. Publishes `app.redirects`.
 *
 * Answers 403 for a blocked target, 404 for an unknown code, 410 for an expired or used-up link, and 429
 * after too many unknown codes. Answers 503 with Retry-After when cache and database both fail, or when
 * the click can't be recorded.
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
  const { honourOptOut, trustProxy, brand, hasLanding, schemes, isSecure } = options
  const describe = createDescription(honourOptOut, createVisitReader(trustProxy))
  const { clicks } = app
  const spend = createVisitLimit(clicks.toClicks, app.urls.spendVisits)
  const { passwords: byAddress, linkPasswords: byLink, unknownCodes } = app.limits
  const pages = createPages({ brand, publicPath: app.publicPath, schemes })
  const lock = createLock({
    secret: await app.urls.passwordSecret(),
    checkPassword: app.urls.checkPassword,
    limits: { byAddress, byLink },
    publicPath: app.publicPath,
    isSecure
  })
  const { keyOf } = app.urls.codes
  const findLink = createFindLink(links, keyOf, unknownCodes)
  const loadPreview = createPreviewLoader(app)
  app.decorate('redirects', { findLink })
  await app.register(followRoutes, {
    links,
    keyOf,
    histogram,
    clicks,
    describe,
    spend,
    pages,
    loadPreview,
    lock,
    unknownCodes
  })
  await app.register(guardedRoutes, { findLink, loadPreview, lock, pages })
  await app.register(pageRoutes, { brand, pages, hasLanding })
  if (options.fastLane)
    openFastLane(app, { links, keyOf, followed: histogram.followed, clicks, describe, trustProxy })
}

export default fp(redirects, {
  name: 'redirects',
  dependencies: ['access', 'metrics', 'errors', 'cache', 'clicks', 'limits', 'blocklist', 'urls'],
  fastify: '5.x'
})
