import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify'

/**
 * Makes the app that describes `routes` as `description` says, and that serves the page to try them at `/docs`. It listens
 * nowhere: openapi.ts calls it. The page's own addresses begin with `publicPath`. Its packages take 8 MiB and 0.1 s, so a server
 * loads this file with the first request.
 */
export async function createDocs(
  routes: readonly RouteOptions[],
  description: FastifyDynamicSwaggerOptions,
  publicPath: string
): Promise<FastifyInstance> {
  const docs = Fastify()
  // The routes are described here and never called.
  docs.setValidatorCompiler(() => () => true)
  docs.setSerializerCompiler(() => String)
  await docs.register(swagger, description)
  for (const { method, url, schema, config } of routes)
    docs.route({
      method,
      url,
      ...(schema && { schema }),
      ...(config && { config }),
      // A path with dots in it may lead from the page to one of them.
      handler: (_request, reply) => reply.code(404).send()
    })
  // swagger-ui would ask a validator on the internet about this server.
  await docs.register(swaggerUi, {
    routePrefix: '/docs',
    indexPrefix: publicPath,
    uiConfig: { validatorUrl: null }
  })
  await docs.ready()
  return docs
}
