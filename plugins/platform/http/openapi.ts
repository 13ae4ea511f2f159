import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifyInstance, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { describeAccess, SECURITY_SCHEMES } from '#platform/access/describe.ts'
import { ProblemError, type ProblemKind } from '#platform/problem/problem.ts'
import { describeAnswers } from './describe-answers.ts'
import { describeConditions } from './describe-conditions.ts'
import { presentProblem } from './errors.ts'
import { nameSchemas } from './name-schemas.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The app with the OpenAPI description and Swagger UI; created at the first call. */
    loadDocs(): Promise<FastifyInstance>
  }
}

export interface OpenapiOptions {
  version: string
  /** All problems of the server. */
  problems: readonly ProblemKind[]
}

/** Publishes `app.loadDocs`: OpenAPI 3.1 from the schemas of the routes. Register it before the routes. */
async function openapi(app: FastifyInstance, { version, problems }: OpenapiOptions) {
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
        { name: 'tags', description: 'Tags of links' },
        { name: 'system', description: 'State of the installation, for administrators' },
        { name: 'health', description: 'Probes' }
      ]
    },
    hideUntagged: true,
    transform: ({ schema, url, route }) => ({
      url,
      schema: describeAnswers(
        describeConditions(describeAccess(app.access.mode, schema, route), route),
        route,
        app.access.mode,
        problems
      )
    }),
    transformObject: nameSchemas
  } satisfies FastifyDynamicSwaggerOptions
  let docs: Promise<FastifyInstance> | undefined
  app.decorate('loadDocs', () => {
    docs ??= import('./docs-page.ts')
      .then(({ createDocs }) =>
        createDocs({ routes: described, description, problems, publicPath: app.publicPath })
      )
      .catch((error) => {
        docs = undefined
        throw error
      })
    return docs
  })
}

/** OpenAPI 3.1, "Example Object": one response for each problem. */
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
