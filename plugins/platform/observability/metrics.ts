import * as prometheus from '@prometheus-io/client'
import type { FastifyInstance, RouteOptions } from 'fastify'
import fastifyMetrics from 'fastify-metrics'
import fp from 'fastify-plugin'
import { secureAnswer } from '#platform/http/request-log.ts'

/**
 * Only for the internal network: nginx does not forward it. It needs no key, since scrapes must work while
 * the database, which stores the keys, is down.
 */
const ROUTE: RouteOptions = {
  method: 'GET',
  url: '/metrics',
  logLevel: 'fatal',
  config: { access: 'public' },
  onRequest: secureAnswer,
  // fastify-metrics replaces it.
  handler: () => undefined
}

/**
 * Serves `GET /metrics` for Prometheus and publishes `app.metrics` (fastify-metrics). Plugins create metrics
 * with `app.metrics.client` and pass `registers: [app.metrics.client.register]`. Each app has its own
 * registry, so that two apps in one process do not collide. The request hooks of fastify-metrics are off:
 * they would run on every route, which costs redirects too much (see request-log.ts).
 */
async function metrics(app: FastifyInstance) {
  const register = new prometheus.Registry()
  await app.register(fastifyMetrics.default, {
    endpoint: ROUTE,
    promClient: { ...prometheus, register },
    defaultMetrics: { enabled: true, register },
    routeMetrics: { enabled: false }
  })
}

export default fp(metrics, { name: 'metrics', fastify: '5.x' })
