import type { FastifyInstance, preSerializationHookHandler } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyInstance {
    /** The path of PUBLIC_URL without a trailing slash; paths in responses begin with it. */
    readonly publicPath: string
  }
  interface FastifyContextConfig {
    /** The path of the created resource, with one field of the response, such as `/urls/:id`. */
    location?: string
  }
}

/** Publishes `app.publicPath`. `publicUrl` is the URL of the server; undefined for the root of any host. */
async function location(app: FastifyInstance, { publicUrl }: { publicUrl: string | undefined }) {
  app.decorate('publicPath', publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/+$/, ''))
}

/**
 * Hook `preSerialization`: sends `Location` with each 201 of a route with `config.location` (RFC 9110,
 * section 15.3.2), also with a replayed answer.
 */
export const sendLocation: preSerializationHookHandler = (request, reply, payload, done) => {
  const path = reply.statusCode === 201 ? request.routeOptions.config.location : undefined
  if (path !== undefined) {
    const [base = '', field = ''] = path.split(':', 2)
    const value = field === '' ? '' : (payload as Record<string, unknown>)[field]
    // An answer that an older release stored may lack the field.
    if (value !== undefined)
      reply.header('location', request.server.publicPath + base + encodeURIComponent(String(value)))
  }
  done(null, payload)
}

export default fp(location, { name: 'location', fastify: '5.x' })
