import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Headers that Node sets for each connection (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding', 'date']

/** `/docs`: Swagger UI. */
export async function docsRoutes(app: FastifyInstance) {
  async function showPage({ url, headers }: FastifyRequest, reply: FastifyReply) {
    const page = await app.loadDocs()
    const answer = await page.inject({ method: 'GET', url, headers })
    if (answer.statusCode === 404) return reply.callNotFound()
    for (const name of HOP_BY_HOP) delete answer.headers[name]
    const { statusCode, rawPayload } = answer
    const { location } = answer.headers
    if (typeof location === 'string') answer.headers.location = app.publicPath + location
    return reply
      .code(statusCode)
      .headers(answer.headers)
      .send(rawPayload.length > 0 ? rawPayload : undefined)
  }

  for (const path of ['/docs', '/docs/*'])
    app.get(path, { config: { access: 'public', isPage: true }, schema: { hide: true } }, showPage)
}

/** `/openapi.json`, and `/`, which redirects to `home`: a path under PUBLIC_URL, or a URL; null for none. */
export async function descriptionRoutes(app: FastifyInstance, { home }: { home: string | null }) {
  const schema = { hide: true }
  app.get('/openapi.json', { config: { access: 'public' }, schema }, async () =>
    (await app.loadDocs()).swagger()
  )
  if (home === null) return
  app.get('/', { config: { access: 'public', isPage: true }, schema }, async (_request, reply) =>
    reply.redirect(home.startsWith('/') ? app.publicPath + home : home)
  )
}
