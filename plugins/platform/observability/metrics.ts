import * as prometheus from '@prometheus-io/client'
import type { FastifyInstance, RouteOptions } from 'fastify'
import fastifyMetrics from 'fastify-metrics'
import fp from 'fastify-plugin'
import { secureAnswer } from '#platform/http/request-log.ts'

/**
 * For the inside of a network: nginx does not pass it on. It takes no key, since a scrape must work while the database,
 * which knows the keys, is away.
 */
const ROUTE: RouteOptions = {
  method: 'GET',
  url: '/metrics',
  logLevel: 'fatal',
  config: { access: 'public' },
  onRequest: secureAnswer,
  // fastify-metrics puts its own in place.
  handler: () => undefined
}

/**
 * Serves `GET /metrics` for Prometheus and publishes `app.metrics` (fastify-metrics). Plugins make their metrics
 * with `app.metrics.client` and name `registers: [app.metrics.client.register]`: the registry is the app's own,
 * so that two apps in one process don't collide. fastify-metrics' request hooks are off: they run on every route,
 * and redirects have no time for that (see request-log.ts).
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
