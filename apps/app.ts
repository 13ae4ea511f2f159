import { STATUS_CODES } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify'
import type { Config } from '#apps/config.ts'
import cache from '#platform/cache/index.ts'
import database from '#platform/database.ts'
import errors, { answerError, presentProblem } from '#platform/errors.ts'
import health from '#platform/health.ts'
import lifecycle from '#platform/lifecycle.ts'
import metrics from '#platform/metrics.ts'
import notFound from '#platform/not-found.ts'
import openapi from '#platform/openapi.ts'
import { ProblemError } from '#platform/problem.ts'
import redis from '#platform/redis.ts'
import requests, { createRequestId } from '#platform/requests.ts'
import validation from '#platform/validation.ts'
import events from '#plugins/events/index.ts'
import imports from '#plugins/imports/index.ts'
import urls from '#plugins/urls/index.ts'
import users from '#plugins/users/index.ts'
import manifest from '../package.json' with { type: 'json' }

export interface AppOptions {
  logger?: FastifyServerOptions['logger']
  /** False for processes that serve nobody: the worker and the command line. */
  routes?: boolean
}

/**
 * Composes the application. Takes the validated configuration, gives an app that is not yet listening.
 *
 * The order is the documentation, and the order of closing too: preClose hooks run as registered, then requests
 * finish, then onClose hooks run in reverse. So what others write to on their way out (database, redis) comes first.
 */
export async function buildApp(config: Config, { logger = false, routes = true }: AppOptions = {}) {
  const app = Fastify({
    logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: createRequestId,
    trustProxy: config.server.trustProxy,
    bodyLimit: config.server.bodyLimit,
    // A first start of the embedded database, and waiting for other replicas' migrations, take their time.
    pluginTimeout: 120_000,
    requestTimeout: 300_000,
    keepAliveTimeout: 72_000,
    // A replica on its way out still answers what reached it; load balancers have been told by /health/ready.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2_048 },
    frameworkErrors: (error, request, reply) => answerError(error, request, reply),
    clientErrorHandler
  }).withTypeProvider<TypeBoxTypeProvider>()

  // What every request and every capability stands on.
  await app.register(metrics, { routes })
  await app.register(requests)
  await app.register(validation)
  await app.register(errors)
  await app.register(openapi, { routes, version: manifest.version })
  await app.register(notFound)
  await app.register(lifecycle, config.lifecycle)
  await app.register(database, config.database)
  await app.register(redis, config.redis)
  await app.register(cache, config.cache)

  // The capabilities.
  await app.register(users, { routes })
  await app.register(events, { routes })
  await app.register(urls, { routes, ...config.urls })
  await app.register(imports, { routes, ...config.imports })
  await app.register(health, { routes, ...config.health })
  return app as unknown as FastifyInstance
}

/** What Node's HTTP parser refuses never becomes a request; it is answered on the bare socket, as a problem too. */
const clientErrorHandler: NonNullable<FastifyServerOptions['clientErrorHandler']> = (error, socket) => {
  if (error.code === 'ECONNRESET' || !socket.writable) return socket.destroy()
  const status =
    error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  const title = STATUS_CODES[status] ?? 'Bad Request'
  const problem = new ProblemError(
    { code: 'REQUEST_MALFORMED', status, title },
    'The request is not valid HTTP'
  )
  const body = JSON.stringify(presentProblem(problem, '/', 'none'))
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  )
}
