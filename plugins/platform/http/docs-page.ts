import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify'
import type { ProblemKind } from '#platform/problem/problem.ts'
import { escapeHtml, renderDocument } from './frame.ts'

export interface DocsOptions {
  routes: readonly RouteOptions[]
  description: FastifyDynamicSwaggerOptions
  problems: readonly ProblemKind[]
  publicPath: string
}

/**
 * Creates an app that describes `routes` by `description` and serves Swagger UI at `/docs`. It does not
 * listen: openapi.ts calls it. URLs in the page begin with `publicPath`. Its packages take 8 MiB and 0.1 s,
 * so the first request for it loads this file.
 */
export async function createDocs(options: DocsOptions): Promise<FastifyInstance> {
  const { routes, description, problems, publicPath } = options
  const docs = Fastify()
  // The routes are only described here, never called.
  docs.setValidatorCompiler(() => () => true)
  docs.setSerializerCompiler(() => String)
  await docs.register(swagger, description)
  for (const { method, url, schema, config } of routes)
    docs.route({
      method,
      url,
      ...(schema && { schema }),
      ...(config && { config }),
      // A `/docs` path with dot segments may resolve to one of them.
      handler: (_request, reply) => reply.code(404).send()
    })
  // By default swagger-ui sends the description to a validator on the internet.
  await docs.register(swaggerUi, {
    routePrefix: '/docs',
    indexPrefix: publicPath,
    uiConfig: { validatorUrl: null }
  })
  const page = renderProblems(problems)
  docs.get('/docs/errors', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(page)
  )
  await docs.ready()
  return docs
}

/** The page that the `type` of a problem links to, with its code as the fragment. */
function renderProblems(problems: readonly ProblemKind[]): string {
  const code = (text: string) => escapeHtml(text).replace(/`(.+?)`/g, '<code>$1</code>')
  const entries = problems.map(
    (one) => `<h2 id="${one.code}">${one.code}</h2>
<p>${one.status}: ${code(one.title)}.</p>
<p>${code(one.remedy)}.</p>`
  )
  return renderDocument({ title: 'Errors', body: `<h1>Errors</h1>\n${entries.join('\n')}` })
}
