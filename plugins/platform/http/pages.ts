import helmet from '@fastify/helmet'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * The policy of pages: everything from this server, no frames, nothing inline. It does not upgrade to https:
 * a server reached by plain http would lose its own scripts. The TLS proxy sets `Strict-Transport-Security`
 * (ops/nginx), because it applies to the whole host.
 */
const DIRECTIVES = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  scriptSrcAttr: ["'none'"],
  styleSrc: ["'self'"],
  styleSrcAttr: ["'none'"],
  imgSrc: ["'self'", 'data:'],
  fontSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  manifestSrc: ["'self'"],
  formAction: ["'self'"],
  baseUri: ["'none'"],
  frameAncestors: ["'none'"]
}

export interface PageOptions {
  /** Allows style attributes, as swagger-ui sets them; still no <style>. */
  styleAttributes?: boolean
}

/** Adds the headers of pages (@fastify/helmet) to the scope that registers it, which must not be the root. */
async function pages(scope: FastifyInstance, { styleAttributes = false }: PageOptions) {
  const styleSrcAttr = styleAttributes ? ["'unsafe-inline'"] : DIRECTIVES.styleSrcAttr
  await scope.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { ...DIRECTIVES, styleSrcAttr } },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: false
  })
}

export default fp(pages, { name: 'pages', fastify: '5.x' })
