import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifyInstance, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { describeAccess, SECURITY_SCHEMES } from '#platform/access/describe.ts'
import { describeAnswers } from './describe-answers.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The app that has the description of this one and the page to try it; made at the first call. */
    loadDocs(): Promise<FastifyInstance>
  }
}

/** Publishes `app.loadDocs`: OpenAPI 3.1 from the routes' own schemas. Register it before the routes. */
async function openapi(app: FastifyInstance, { version }: { version: string }) {
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
          'A URL shortener run like production software. Errors are RFC 9457 problems. What can not be told from the',
          'operation comes before it: a request that is no HTTP is answered 400, a method that the path does not take 405, one',
          'that comes too slowly 408, and a head of more than 16 KiB 431.'
        ].join(' '),
        license: { name: 'MIT', identifier: 'MIT' }
      },
      servers: [{ url: app.publicPath || '/' }],
      components: { securitySchemes: SECURITY_SCHEMES },
      tags: [
        { name: 'urls', description: 'Links and their codes' },
        { name: 'redirects', description: 'Following links' },
        { name: 'users', description: 'Who owns links' },
        { name: 'events', description: 'What happened to links' },
        { name: 'imports', description: 'CSV and JSON in bulk' },
        { name: 'audit', description: 'Who changed what' },
        { name: 'keys', description: 'Who may call' },
        { name: 'sessions', description: 'Signing in and out on a browser' },
        { name: 'blocklist', description: 'Where no link may lead' },
        { name: 'health', description: 'Probes' }
      ]
    },
    hideUntagged: true,
    transform: ({ schema, url, route }) => ({
      url,
      schema: describeAnswers(describeAccess(app.access.mode, schema, route), route)
    })
  } satisfies FastifyDynamicSwaggerOptions
  let docs: Promise<FastifyInstance> | undefined
  app.decorate('loadDocs', () => {
    docs ??= import('./docs-page.ts')
      .then(({ createDocs }) => createDocs(described, description, app.publicPath))
      .catch((error) => {
        docs = undefined
        throw error
      })
    return docs
  })
}

export default fp(openapi, { name: 'openapi', dependencies: ['access', 'location'], fastify: '5.x' })
