import * as prometheus from '@prometheus-io/client'
import type { FastifyInstance } from 'fastify'
import fastifyMetrics from 'fastify-metrics'
import fp from 'fastify-plugin'

/**
 * Serves `GET /metrics` for Prometheus and publishes `app.metrics` (fastify-metrics). Plugins make their metrics
 * with `app.metrics.client` and name `registers: [app.metrics.client.register]`: the registry is the app's own,
 * so that two apps in one process don't collide. fastify-metrics' request hooks are off: they run on every route,
 * and redirects have no time for that (see requests.ts).
 */
async function metrics(app: FastifyInstance, options: { routes: boolean }) {
  const register = new prometheus.Registry()
  await app.register(fastifyMetrics.default, {
    endpoint: options.routes ? '/metrics' : null,
    promClient: { ...prometheus, register },
    defaultMetrics: { enabled: true, register },
    routeMetrics: { enabled: false }
  })
}

export default fp(metrics, { name: 'metrics', fastify: '5.x' })
