import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify'
import type { Config } from '#apps/config.ts'
import { PROBLEMS } from '#apps/problems.ts'
import manifest from '#package.json' with { type: 'json' }
import access from '#platform/access/index.ts'
import cache from '#platform/cache/index.ts'
import database from '#platform/database/index.ts'
import maintenance from '#platform/database/maintenance.ts'
import bodyEncoding from '#platform/http/body-encoding.ts'
import { refuseConnection } from '#platform/http/client-errors.ts'
import compression from '#platform/http/compression.ts'
import { errorFields } from '#platform/http/error-fields.ts'
import errors, { answerError } from '#platform/http/errors.ts'
import ignoredFields from '#platform/http/ignored-fields.ts'
import location from '#platform/http/location.ts'
import notFound from '#platform/http/not-found.ts'
import openapi from '#platform/http/openapi.ts'
import origins from '#platform/http/origins.ts'
import queryNames from '#platform/http/query-names.ts'
import requestLog, { createRequestId, REQUEST_ID_FIELD } from '#platform/http/request-log.ts'
import validation from '#platform/http/validation.ts'
import wellKnown from '#platform/http/well-known.ts'
import idempotency from '#platform/idempotency/index.ts'
import limits from '#platform/limits/index.ts'
import shedding from '#platform/limits/shedding.ts'
import gauges from '#platform/observability/gauges.ts'
import health from '#platform/observability/health.ts'
import lifecycle from '#platform/observability/lifecycle.ts'
import metrics from '#platform/observability/metrics.ts'
import tracing from '#platform/observability/tracing.ts'
import redis from '#platform/redis/index.ts'
import installation, { type InstallationMode } from '#platform/redis/installation.ts'
import redisPolicy from '#platform/redis/redis-policy.ts'
import audit from '#plugins/audit/index.ts'
import blocklist from '#plugins/blocklist/index.ts'
import clicks from '#plugins/clicks/index.ts'
import events from '#plugins/events/index.ts'
import exports from '#plugins/exports/index.ts'
import imports from '#plugins/imports/index.ts'
import keys from '#plugins/keys/index.ts'
import redirects from '#plugins/redirects/index.ts'
import sessions from '#plugins/sessions/index.ts'
import stats from '#plugins/stats/index.ts'
import titles from '#plugins/titles/index.ts'
import urls from '#plugins/urls/index.ts'
import users from '#plugins/users/index.ts'

export interface AppOptions {
  logger?: FastifyServerOptions['logger']
  /** False for processes that serve nobody: the worker and the command line. */
  routes?: boolean
  /** Whether it serves its probes and metrics; as `routes` when not said. */
  probes?: boolean
  /** Whether the process stores clicks from the Redis stream; a server does as its configuration says. */
  drain?: boolean
  /** Whether it may use the bundled PostgreSQL of a server that runs on the same DATA_DIR. */
  attach?: boolean
  /** Whether it claims its prefix in Redis, as servers and workers do, or only checks it, as commands do. */
  installation?: InstallationMode
}

/**
 * Composes the application. Takes the validated configuration, gives an app that is not yet listening.
 *
 * The order is the documentation, and the order of closing too: preClose hooks run as registered, then requests
 * finish, then onClose hooks run in reverse. So what others write to on their way out (database, redis) comes first.
 */
export async function buildApp(config: Config, options: AppOptions = {}) {
  const { logger = false, routes = true, attach = false } = options
  const { drain = routes && config.clicks.drain, probes = routes } = options
  const { installation: mode = routes || drain ? 'claim' : 'check' } = options
  const app = Fastify({
    logger: typeof logger === 'object' ? { ...logger, serializers: { err: errorFields } } : logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: REQUEST_ID_FIELD }),
    genReqId: createRequestId,
    // Behind nobody the address is the socket's, and nothing has to be worked out for each request.
    trustProxy: config.server.trustProxy.length > 0 ? config.server.trustProxy : false,
    bodyLimit: config.server.bodyLimit,
    // Creating the bundled database, and waiting for other replicas' migrations, take their time.
    pluginTimeout: 120_000,
    requestTimeout: config.clients.requestTimeoutMs,
    keepAliveTimeout: 72_000,
    // A replica on its way out still answers what reached it; load balancers have been told by /health/ready.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2_048 },
    frameworkErrors: (error, request, reply) => answerError(error, request, reply),
    clientErrorHandler: refuseConnection,
    // Node refuses a request without a Host by an answer without a body; requests.ts does so with one.
    http: {
      requireHostHeader: false,
      // A GET has no body whose end anybody would have to be told of: a twelfth of what a redirect costs.
      optimizeEmptyRequests: true,
      headersTimeout: config.clients.headersTimeoutMs,
      // Who is too slow is found when connections are looked through, at Node's default only every 30 s.
      connectionsCheckingInterval: Math.ceil(config.clients.headersTimeoutMs / 5)
    }
  }).withTypeProvider<TypeBoxTypeProvider>()

  try {
    // What every request and every capability stands on.
    await app.register(access, config.access)
    await app.register(tracing, { ...config.tracing, version: manifest.version })
    await app.register(metrics, { routes: probes })
    await app.register(shedding, config.shedding)
    await app.register(origins, config.origins)
    await app.register(requestLog, { trustProxy: config.server.trustProxy })
    await app.register(validation, config.validation)
    await app.register(errors)
    await app.register(location, { publicUrl: config.urls.publicUrl })
    await app.register(ignoredFields)
    await app.register(compression)
    await app.register(openapi, { routes, version: manifest.version, problems: PROBLEMS })
    await app.register(notFound)
    await app.register(lifecycle, config.lifecycle)
    await app.register(database, { ...config.database, attach })
    await app.register(maintenance)
    await app.register(idempotency)
    await app.register(redis, config.redis)
    await app.register(installation, { prefix: config.redis.prefix, mode })
    await app.register(redisPolicy)
    await app.register(limits, config.limits)
    await app.register(queryNames)
    await app.register(bodyEncoding)
    await app.register(cache, config.cache)
    await app.register(clicks, { ...config.clicks, log: routes || drain, drain })
    await app.register(gauges, { version: manifest.version })

    // The capabilities. Those that change something append it to the audit log.
    await app.register(audit, { routes, ...config.audit })
    await app.register(blocklist, { routes, ...config.blocklist })
    await app.register(users, { routes })
    await app.register(keys, { routes, ...config.keys })
    await app.register(sessions, { routes, ...config.sessions })
    await app.register(events, { routes, ...config.events })
    await app.register(urls, { routes, ...config.urls })
    await app.register(titles, config.titles)
    await app.register(stats, { routes, ...config.stats })
    await app.register(redirects, { routes, trustProxy: config.server.trustProxy, ...config.redirects })
    await app.register(imports, { routes, ...config.imports })
    await app.register(exports, { routes })
    await app.register(health, { routes: probes, ...config.health })
    await app.register(wellKnown, { routes, ...config.wellKnown })
  } catch (error) {
    // PostgreSQL may run by now, and clicks be in hand.
    await app.close().catch(() => undefined)
    throw error
  }
  return app as unknown as FastifyInstance
}
