import type { FastifyInstance } from 'fastify'
import { type Brand, logoPath } from '#platform/http/brand.ts'
import { openRequest, secureAnswer } from '#platform/http/request-log.ts'
import type { VisitorPages } from './pages.ts'

export interface PageRouteOptions {
  brand: Brand
  pages: VisitorPages
  /** True if `/` is the landing page. */
  hasLanding: boolean
}

/** The landing page, and the file of the logo that all pages for visitors show. */
export async function pageRoutes(
  app: FastifyInstance,
  { brand: { logo }, pages, hasLanding }: PageRouteOptions
) {
  app.addHook('onRequest', secureAnswer)
  app.addHook('onRequest', openRequest)
  app.addHook('onResponse', app.logAnswer)
  const schema = { hide: true }

  if (logo !== undefined)
    app.get(logoPath(logo), { config: { access: 'public' }, schema }, async (_request, reply) =>
      reply
        .headers({
          'cache-control': 'public, max-age=31536000, immutable',
          // An SVG that is opened as a page runs no scripts and loads nothing.
          'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        })
        .type(logo.type)
        .send(logo.content)
    )
  if (hasLanding)
    app.get('/', { config: { access: 'public' }, schema }, (request, reply) => {
      pages.sendLanding(request, reply)
    })
}
