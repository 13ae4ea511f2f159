import helmet, { type FastifyHelmetOptions } from '@fastify/helmet'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * The policy of pages: everything from this server, nothing inline but the styles and images that scripts make, in no
 * frame. It does not upgrade to https: a server that is reached by plain http would lose its own scripts.
 * `Strict-Transport-Security` is for whoever ends TLS (ops/nginx): it binds the whole host.
 */
const POLICY: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      scriptSrcAttr: ["'none'"],
      styleSrc: ["'self'"],
      // The attributes only: swagger-ui sets some. No <style>.
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

/**
 * Puts the headers of pages (@fastify/helmet) on the routes of the scope it is registered in, never on the
 * root.
 */
async function pages(scope: FastifyInstance) {
  await scope.register(helmet, POLICY)
}

export default fp(pages, { name: 'pages', fastify: '5.x' })
