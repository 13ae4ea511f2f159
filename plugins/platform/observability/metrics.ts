import * as prometheus from '@prometheus-io/client'
import type { FastifyInstance, RouteOptions } from 'fastify'
import fastifyMetrics from 'fastify-metrics'
import fp from 'fastify-plugin'
import { ANSWER_HEADERS } from '#platform/http/request-log.ts'

/**
 * For the inside of a network: nginx does not pass it on. It takes no key, since a scrape must work while the database,
 * which knows the keys, is away.
 */
const ROUTE: RouteOptions = {
  method: 'GET',
  url: '/metrics',
  logLevel: 'fatal',
  config: { access: 'public' },
  // It is there before requests.ts watches routes.
  onRequest: (_request, reply, done) => {
    reply.headers(ANSWER_HEADERS)
    done()
  },
  // fastify-metrics puts its own in place.
  handler: () => undefined
}

/**
 * Serves `GET /metrics` for Prometheus and publishes `app.metrics` (fastify-metrics). Plugins make their metrics
 * with `app.metrics.client` and name `registers: [app.metrics.client.register]`: the registry is the app's own,
 * so that two apps in one process don't collide. fastify-metrics' request hooks are off: they run on every route,
 * and redirects have no time for that (see requests.ts).
 */
async function metrics(app: FastifyInstance, options: { routes: boolean }) {
  const register = new prometheus.Registry()
  await app.register(fastifyMetrics.default, {
    endpoint: options.routes ? ROUTE : null,
    promClient: { ...prometheus, register },
    defaultMetrics: { enabled: true, register },
    routeMetrics: { enabled: false }
  })
}

export default fp(metrics, { name: 'metrics', fastify: '5.x' })
