import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { answerError } from '#platform/http/errors.ts'
import { openRequest, secureAnswer } from '#platform/http/request-log.ts'
import { LinkPreview } from '#schema/shapes/link-preview.ts'
import { PASSWORD_NEEDED } from './errors.ts'
import type { FindLink, LoadPreview } from './find-link.ts'
import { type Lock, pathOf } from './lock.ts'
import type { VisitorPages } from './pages/pages.ts'

interface Follow {
  Params: { short_code: string }
}

export interface GuardedRouteOptions {
  findLink: FindLink
  loadPreview: LoadPreview
  lock: Lock
  pages: VisitorPages
}

/** Largest form: each byte of a password may take three characters. */
const FORM_LIMIT = 4_096

/** The requests for a link that are no visits: its preview, and the form with its password. */
export async function guardedRoutes(app: FastifyInstance, options: GuardedRouteOptions) {
  const { findLink, loadPreview, lock, pages } = options
  const FORM = 'application/x-www-form-urlencoded'

  app.addHook('onRequest', secureAnswer)
  app.addHook('onRequest', openRequest)
  app.addHook('onResponse', app.logAnswer)
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, pages.sendProblem))
  app.addContentTypeParser(FORM, { parseAs: 'string', bodyLimit: FORM_LIMIT }, (_request, body, done) =>
    done(null, new URLSearchParams(String(body)))
  )

  async function onPreview(request: FastifyRequest<Follow>, reply: FastifyReply) {
    const resolution = await findLink(request, request.params.short_code)
    if (resolution.kind === 'password') throw PASSWORD_NEEDED
    return pages.sendPreview(await loadPreview(resolution, request.params.short_code), request, reply)
  }

  async function onForm(request: FastifyRequest<Follow>, reply: FastifyReply) {
    const resolution = await findLink(request, request.params.short_code)
    if (resolution.kind === 'password') {
      const password = request.body instanceof URLSearchParams ? request.body.get('password') : null
      if (!password) throw PASSWORD_NEEDED
      await lock.prove(resolution.link, request, password)
      lock.open(resolution.link, request, reply)
    }
    return reply.redirect(app.publicPath + request.url, 303)
  }

  /** Paths of routes, which take precedence over links of the same name. */
  const taken = new Set<string>()
  app.addHook('onReady', async () => {
    for (const { url } of app.access.routes()) taken.add(url)
  })

  /** Hook `onRequest`: only forms for links are a method that their paths take. */
  const refuseOthers: onRequestHookHandler = (request, reply, done) => {
    const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
    if (type === FORM && !taken.has(pathOf(request.url))) done()
    else app.refuseUnknown(request, reply)
  }

  for (const path of ['/:short_code', '/s/:short_code']) {
    app.get<Follow>(
      `${path}([A-Za-z0-9_-]+)+`,
      {
        config: { access: 'public', query: 'any', sendsPages: true },
        schema: {
          operationId: path === '/:short_code' ? 'previewLink' : 'previewShortLink',
          tags: ['redirects'],
          summary: 'Show where a link leads; counts no click',
          description: 'A link with a password has no preview. Browsers get a page.',
          response: { 200: LinkPreview },
          problems: [
            'LINK_UNKNOWN',
            'LINK_EXPIRED',
            'LINK_USED_UP',
            'LINK_BLOCKED',
            'LINK_PASSWORD_NEEDED',
            'LOOKUP_UNAVAILABLE'
          ]
        }
      },
      onPreview
    )
  }

  for (const path of ['/:short_code', '/s/:short_code', '/urls/:short_code/redirect'])
    app.post<Follow>(
      path,
      {
        bodyLimit: FORM_LIMIT,
        onRequest: [refuseOthers, app.origins.refuseForeign],
        config: { access: 'public', isForm: true },
        schema: { hide: true }
      },
      onForm
    )
}
