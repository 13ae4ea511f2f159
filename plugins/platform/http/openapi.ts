import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { describeAccess, SECURITY_SCHEMES } from '#platform/access/describe.ts'
import { ProblemError, type ProblemKind } from '#platform/problem/problem.ts'
import { describeAnswers } from './describe-answers.ts'
import { presentProblem } from './errors.ts'
import { nameSchemas } from './name-schemas.ts'
import pages from './pages.ts'

export interface OpenapiOptions {
  routes: boolean
  version: string
  /** All problems that there are. */
  problems: readonly ProblemKind[]
}

/** Headers that Node makes for each connection (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding', 'date']

/**
 * Describes the API: OpenAPI 3.1 from the routes' own schemas at `/openapi.json`, a page to try it at `/docs`,
 * where `/` leads. Both are made at the first request (docs-page.ts). Register it before the routes.
 */
async function openapi(app: FastifyInstance, { routes, version, problems }: OpenapiOptions) {
  if (!routes) return
  const described: RouteOptions[] = []
  app.addHook('onRoute', (route) => {
    if (route.schema?.tags && route.method !== 'HEAD') described.push(route)
  })
  const description = {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Fairlead',
        version,
        description: [
          'A URL shortener run like production software. Errors are RFC 9457 problems; `/docs/errors` lists them by code. Some precede',
          'the operation: a request that is no HTTP is answered 400, a method that the path does not take 405, a slow request',
          '408, and a head of more than 16 KiB 431.'
        ].join(' '),
        license: { name: 'MIT', identifier: 'MIT' }
      },
      servers: [{ url: app.publicPath || '/' }],
      components: {
        ...(app.access.mode === 'keys' && { securitySchemes: SECURITY_SCHEMES }),
        examples: exampleProblems(problems, app.publicPath)
      },
      tags: [
        { name: 'urls', description: 'Links and their codes' },
        { name: 'redirects', description: 'Following links' },
        { name: 'users', description: 'Owners of links' },
        { name: 'events', description: 'Changes and clicks of links' },
        { name: 'stats', description: 'Clicks over time' },
        { name: 'imports', description: 'CSV and JSON in bulk' },
        { name: 'audit', description: 'The log of changes' },
        { name: 'keys', description: 'API keys' },
        { name: 'sessions', description: 'Sign-in and sign-out of browsers' },
        { name: 'blocklist', description: 'Hosts that no link may lead to' },
        { name: 'health', description: 'Probes' }
      ]
    },
    hideUntagged: true,
    transform: ({ schema, url, route }) => ({
      url,
      schema: describeAnswers(
        describeAccess(app.access.mode, schema, route),
        route,
        app.access.mode,
        problems
      )
    }),
    transformObject: nameSchemas
  } satisfies FastifyDynamicSwaggerOptions
  let docs: Promise<FastifyInstance> | undefined
  const loadDocs = () => {
    docs ??= import('./docs-page.ts')
      .then(({ createDocs }) =>
        createDocs({ routes: described, description, problems, publicPath: app.publicPath })
      )
      .catch((error) => {
        docs = undefined
        throw error
      })
    return docs
  }

  async function showPage({ url, headers }: FastifyRequest, reply: FastifyReply) {
    const page = await loadDocs()
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

  await app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' }
    })
    await scope.register(pages)
    for (const path of ['/docs', '/docs/*']) scope.get(path, { schema: { hide: true } }, showPage)
  })
  const open = { config: { access: 'public' }, schema: { hide: true } } as const
  app.get('/openapi.json', open, async () => (await loadDocs()).swagger())
  app.get('/', { ...open, config: { ...open.config, isPage: true } }, async (_request, reply) =>
    reply.redirect(`${app.publicPath}/docs`)
  )
}

/** OpenAPI 3.1, "Example Object": one answer for each problem. */
function exampleProblems(problems: readonly ProblemKind[], publicPath: string): Record<string, object> {
  const examples = problems.map((kind) => {
    const { errors: _, ...value } = presentProblem(
      new ProblemError(kind, kind.remedy),
      '/',
      'q5GdYJcT-7',
      publicPath
    )
    return [kind.code, { summary: kind.title, description: kind.remedy, value }]
  })
  return Object.fromEntries(examples)
}

export default fp(openapi, { name: 'openapi', dependencies: ['access', 'location'], fastify: '5.x' })
