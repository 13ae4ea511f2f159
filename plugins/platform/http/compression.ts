import compress from '@fastify/compress'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * Compresses answers of 1 KiB and more for clients that take it, streams too; never redirects and probes. BREACH does not apply: no
 * answer has both a lasting secret and text of another origin, since writes from other origins are refused and keys are shown once.
 * Register it before the routes.
 */
async function compression(app: FastifyInstance) {
  app.addHook('onRoute', (route) => {
    if (route.config?.hot || /^\/(health|metrics)/.test(route.url)) route.compress = false
  })
  await app.register(compress, {
    encodings: ['zstd', 'br', 'gzip', 'identity'],
    threshold: 1_024,
    // What comes in compressed is refused (body-encoding.ts).
    globalDecompression: false
  })
  // A HEAD has the length that GET would send (RFC 9110, section 8.6), so its handler, which is the first, comes after compression.
  app.addHook('onRoute', (route) => {
    if (route.method === 'HEAD' && Array.isArray(route.onSend)) route.onSend.reverse()
  })
}

export default fp(compression, { name: 'compression', fastify: '5.x' })
