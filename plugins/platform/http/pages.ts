import helmet, { type FastifyHelmetOptions } from '@fastify/helmet'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * The policy of pages: everything from this server, no frames, and nothing inline except styles and images
 * that scripts create. It does not upgrade to https: a server reached by plain http would lose its own
 * scripts. The TLS proxy sets `Strict-Transport-Security` (ops/nginx), because it applies to the whole host.
 */
const POLICY: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      scriptSrcAttr: ["'none'"],
      styleSrc: ["'self'"],
      // Only style attributes, because swagger-ui sets some; no <style>.
      styleSrcAttr: ["'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      fontSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      manifestSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"]
    }
  },
  frameguard: { action: 'deny' },
  referrerPolicy: { policy: 'no-referrer' },
  strictTransportSecurity: false
}

/** Adds the headers of pages (@fastify/helmet) to the scope that registers it, which must not be the root. */
async function pages(scope: FastifyInstance) {
  await scope.register(helmet, POLICY)
}

export default fp(pages, { name: 'pages', fastify: '5.x' })
