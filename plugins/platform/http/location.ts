import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { describeHeader } from './describe-answers.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The path of PUBLIC_URL without a slash at its end: what paths in answers begin with. */
    readonly publicPath: string
  }
  interface FastifyContextConfig {
    /** Where what the route creates is: a path with fields of the answer, such as `/urls/:id`. */
    location?: string
  }
}

const HEADER = { Location: { type: 'string', description: 'The path of what was created' } }

/**
 * Sends `Location` with each 201 of a route that names one in `config.location` (RFC 9110, section 15.3.2), also when a kept answer
 * is repeated. Publishes `app.publicPath`. Takes where people reach the server; undefined for the root of any host.
 */
async function location(app: FastifyInstance, { publicUrl }: { publicUrl: string | undefined }) {
  app.decorate('publicPath', publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/+$/, ''))
  app.addHook('onRoute', (route) => {
    const path = route.config?.location
    if (path === undefined) return
    describeHeader(route, 201, HEADER)
    route.preSerialization = [
      ...[route.preSerialization ?? []].flat(),
      function sendLocation(_request, reply, payload: unknown, done) {
        const [base = '', field = ''] = path.split(':', 2)
        const value = field === '' ? '' : (payload as Record<string, unknown>)[field]
        // An answer that an older release kept may lack the field.
        if (reply.statusCode === 201 && value !== undefined)
          reply.header('location', app.publicPath + base + encodeURIComponent(String(value)))
        done(null, payload)
      }
    ]
  })
}

export default fp(location, { name: 'location', fastify: '5.x' })
