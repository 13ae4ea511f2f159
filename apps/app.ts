import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify'
import type { Config } from '#apps/config.ts'
import { addPublicHooks, dashboardScope, docsScope, fileScope } from '#apps/page-scopes.ts'
import { PROBLEMS } from '#apps/problems.ts'
import manifest from '#package.json' with { type: 'json' }
import access from '#platform/access/index.ts'
import cache from '#platform/cache/index.ts'
import database from '#platform/database/index.ts'
import maintenance from '#platform/database/maintenance.ts'
import { checkBodyEncoding } from '#platform/http/body-encoding.ts'
import { refuseConnection } from '#platform/http/client-errors.ts'
import { compressAnswer } from '#platform/http/compression.ts'
import conditional from '#platform/http/conditional.ts'
import { errorFields } from '#platform/http/error-fields.ts'
import errors, { answerError } from '#platform/http/errors.ts'
import ignoredFields, { nameIgnoredFields } from '#platform/http/ignored-fields.ts'
import location, { sendLocation } from '#platform/http/location.ts'
import notFound from '#platform/http/not-found.ts'
import openapi from '#platform/http/openapi.ts'
import origins from '#platform/http/origins.ts'
import { checkQueryNames } from '#platform/http/query-names.ts'
import requestLog, {
  createRequestId,
  openRequest,
  REQUEST_ID_FIELD,
  secureAnswer
} from '#platform/http/request-log.ts'
import validation from '#platform/http/validation.ts'
import idempotency, { refuseIdempotencyKey } from '#platform/idempotency/index.ts'
import limits from '#platform/limits/index.ts'
import shedding from '#platform/limits/shedding.ts'
import gauges from '#platform/observability/gauges.ts'
import { healthRoutes } from '#platform/observability/health.ts'
import lifecycle from '#platform/observability/lifecycle.ts'
import metrics from '#platform/observability/metrics.ts'
import tracing from '#platform/observability/tracing.ts'
import outbox from '#platform/outbox/index.ts'
import redis from '#platform/redis/index.ts'
import installation, { type InstallationMode } from '#platform/redis/installation.ts'
import redisPolicy from '#platform/redis/redis-policy.ts'
import audit, { setAuditAuthor } from '#plugins/audit/index.ts'
import { auditRoutes } from '#plugins/audit/routes.ts'
import blocklist from '#plugins/blocklist/index.ts'
import { blocklistRoutes } from '#plugins/blocklist/routes.ts'
import clicks from '#plugins/clicks/index.ts'
import { settleClicks } from '#plugins/clicks/settle-reads.ts'
import events from '#plugins/events/index.ts'
import { eventRoutes } from '#plugins/events/routes.ts'
import { exportRoutes } from '#plugins/exports/routes.ts'
import imports from '#plugins/imports/index.ts'
import { importRoutes } from '#plugins/imports/routes.ts'
import keys from '#plugins/keys/index.ts'
import { keyRoutes } from '#plugins/keys/routes.ts'
import { qrRoutes } from '#plugins/qr/routes.ts'
import redirects from '#plugins/redirects/index.ts'
import sessions from '#plugins/sessions/index.ts'
import { sessionRoutes } from '#plugins/sessions/routes.ts'
import stats from '#plugins/stats/index.ts'
import { statsRoutes } from '#plugins/stats/routes.ts'
import { systemRoutes } from '#plugins/system/routes.ts'
import tags from '#plugins/tags/index.ts'
import { tagRoutes } from '#plugins/tags/routes.ts'
import titles from '#plugins/titles/index.ts'
import urls from '#plugins/urls/index.ts'
import { urlRoutes } from '#plugins/urls/routes.ts'
import users from '#plugins/users/index.ts'
import { userRoutes } from '#plugins/users/routes.ts'

export interface AppOptions {
  logger?: FastifyServerOptions['logger']
  /** False for processes without clients: the worker and the command line. */
  routes?: boolean
  /** Serve the probes; defaults to `routes`. */
  probes?: boolean
  /** Store clicks from the Redis stream. A server follows its configuration. */
  drain?: boolean
  /** Allow the bundled PostgreSQL of a server that runs on the same DATA_DIR. */
  attach?: boolean
  /** Claim the prefix in Redis, as servers and workers do, or only check it, as commands do. */
  installation?: InstallationMode
}

/**
 * Composes the application from the validated configuration. Returns an app that is not listening yet.
 * The order is the documentation, and also the order of closing: preClose hooks as registered, then requests,
 * then onClose hooks in reverse. So plugins that others need while closing (database, redis) come first.
 */
export async function buildApp(config: Config, options: AppOptions = {}) {
  const { logger = false, routes = true, attach = false } = options
  const { drain = routes && config.clicks.drain, probes = routes } = options
  const { installation: mode = routes || drain ? 'claim' : 'check' } = options
  const app = Fastify({
    logger: typeof logger === 'object' ? { ...logger, serializers: { err: errorFields } } : logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: REQUEST_ID_FIELD }),
    genReqId: createRequestId,
    // Without a proxy, skip the per-request work: the address is the socket's.
    trustProxy: config.server.trustProxy.length > 0 ? config.server.trustProxy : false,
    bodyLimit: config.server.bodyLimit,
    // Creating the bundled database, or waiting for the migrations of other replicas, takes time.
    pluginTimeout: 120_000,
    requestTimeout: config.clients.requestTimeoutMs,
    keepAliveTimeout: 72_000,
    // A closing replica still answers its requests; load balancers know of it from /health/ready.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2_048 },
    frameworkErrors: (error, request, reply) => answerError(error, request, reply),
    clientErrorHandler: refuseConnection,
    // Node answers a request without a Host with an empty body; request-log.ts answers with a problem.
    http: {
      requireHostHeader: false,
      // A GET has no body, so skip its end event: it costs a twelfth of a redirect.
      optimizeEmptyRequests: true,
      headersTimeout: config.clients.headersTimeoutMs,
      // Node checks for slow clients every 30 s by default; check more often.
      connectionsCheckingInterval: Math.ceil(config.clients.headersTimeoutMs / 5)
    }
  }).withTypeProvider<TypeBoxTypeProvider>()
  try {
    // Foundations.
    await app.register(access, config.access)
    await app.register(tracing, { ...config.tracing, version: manifest.version })
    await app.register(metrics)
    await app.register(shedding, config.shedding)
    await app.register(origins, config.origins)
    await app.register(requestLog, { trustProxy: config.server.trustProxy })
    await app.register(validation, config.validation)
    await app.register(errors)
    await app.register(location, { publicUrl: config.urls.publicUrl })
    await app.register(conditional, { release: manifest.version, publicUrl: config.urls.publicUrl })
    await app.register(ignoredFields)
    await app.register(openapi, { version: manifest.version, problems: PROBLEMS })
    await app.register(notFound)
    await app.register(lifecycle, config.lifecycle)
    await app.register(database, { ...config.database, attach })
    await app.register(maintenance)
    await app.register(outbox, { dispatches: routes })
    await app.register(idempotency)
    await app.register(redis, config.redis)
    await app.register(installation, { prefix: config.redis.prefix, mode })
    await app.register(redisPolicy)
    await app.register(limits, config.limits)
    await app.register(cache, config.cache)
    await app.register(clicks, { ...config.clicks, log: routes || drain, drain })
    await app.register(gauges, { version: manifest.version })

    // Capabilities. Those that change data append to the audit log.
    await app.register(audit, config.audit)
    await app.register(blocklist, config.blocklist)
    await app.register(users, { refolds: routes })
    await app.register(keys, config.keys)
    await app.register(sessions, config.sessions)
    await app.register(events, config.events)
    await app.register(urls, { ...config.urls, folds: routes })
    await app.register(tags)
    await app.register(titles, config.titles)
    await app.register(stats)
    await app.register(imports, config.imports)

    if (routes) {
      await app.register(redirects, {
        trustProxy: config.server.trustProxy,
        schemes: config.urls.schemes,
        isSecure: config.origins.own?.startsWith('https:') === true,
        ...config.redirects
      })
      await app.register(apiScope, config)
      await app.register(docsScope)
      if (config.pages.dashboard !== null) await app.register(dashboardScope, config.pages.dashboard)
      await app.register(fileScope, config)
    }
    if (probes) await app.register(probeScope, config)
    await app.register(unknownScope)
  } catch (error) {
    // PostgreSQL may be running, and clicks may be pending.
    await app.close().catch(() => undefined)
    throw error
  }
  return app as unknown as FastifyInstance
}

// Each scope adds its hooks in the order in which they run. apps/app.routes.txt shows those of each route.

/** Routes for programs and the dashboard: everything with a caller. */
async function apiScope(scope: FastifyInstance, config: Config) {
  scope.addHook('onRequest', secureAnswer)
  scope.addHook('onRequest', openRequest)
  scope.addHook('onRequest', scope.origins.allowReading)
  scope.addHook('onRequest', scope.origins.refuseForeign)
  scope.addHook('onRequest', scope.shedding.shedRequest)
  scope.addHook('onRequest', scope.access.authenticate)
  scope.addHook('onRequest', refuseIdempotencyKey)
  scope.addHook('onRequest', scope.limits.countRequest)
  scope.addHook('onRequest', checkQueryNames)
  scope.addHook('onRequest', checkBodyEncoding)
  scope.addHook('preHandler', settleClicks)
  scope.addHook('preHandler', setAuditAuthor)
  scope.addHook('preSerialization', sendLocation)
  scope.addHook('preSerialization', scope.sendEntityTag)
  scope.addHook('preSerialization', nameIgnoredFields)
  scope.addHook('onSend', compressAnswer)
  scope.addHook('onError', scope.limits.countInvalidKey)
  scope.addHook('onResponse', scope.logAnswer)

  await scope.register(auditRoutes)
  await scope.register(blocklistRoutes)
  await scope.register(userRoutes)
  await scope.register(keyRoutes)
  await scope.register(sessionRoutes, config.sessions)
  await scope.register(eventRoutes)
  await scope.register(urlRoutes, { publicUrl: config.urls.publicUrl })
  await scope.register(qrRoutes, { publicUrl: config.urls.publicUrl })
  await scope.register(statsRoutes)
  await scope.register(importRoutes, config.imports)
  await scope.register(exportRoutes)
  await scope.register(tagRoutes)
  await scope.register(systemRoutes, { ...config.system, version: manifest.version })
}

/** Probes for load balancers. The metrics plugin serves /metrics for Prometheus, outside all scopes. */
async function probeScope(scope: FastifyInstance, config: Config) {
  addPublicHooks(scope)
  await scope.register(healthRoutes, config.health)
}

/** Requests without a matching route. */
async function unknownScope(scope: FastifyInstance) {
  scope.addHook('onRequest', secureAnswer)
  scope.addHook('onRequest', openRequest)
  scope.addHook('onRequest', scope.origins.answerPreflight)
  scope.addHook('onRequest', scope.refuseUnknown)
  scope.addHook('onResponse', scope.logAnswer)
  scope.setNotFoundHandler(scope.refuseUnknown)
}
