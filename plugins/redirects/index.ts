import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { type Hop, toHop } from './hop.ts'
import { followRoutes } from './routes.ts'
import { createTimers } from './timers.ts'

export interface RedirectOptions {
  routes: boolean
  /** Whether visitors who ask not to be tracked are counted without any trace of who they are. */
  honourOptOut: boolean
}

/**
 * Follows links. Hops are looked up in the cache `links`, which app.urls invalidates with each change; each 302 is handed
 * to app.clicks, which makes one click event of it. Publishes nothing. Answers 404 for a code that leads nowhere, 410
 * past an expiry, 503 with Retry-After when neither cache nor database can say, or when nothing can take the click.
 */
async function redirects(app: FastifyInstance, { routes, honourOptOut }: RedirectOptions) {
  if (!routes) return
  const links = app.cache.open<Hop>({
    name: 'links',
    async load(code) {
      const target = await app.urls.findByCode(code)
      return target && toHop(target)
    },
    versionOf: (hop) => hop.version
  })
  await app.register(followRoutes, { links, timers: createTimers(app), honourOptOut })
}

export default fp(redirects, {
  name: 'redirects',
  encapsulate: true,
  dependencies: ['metrics', 'errors', 'cache', 'clicks', 'urls'],
  fastify: '5.x'
})
