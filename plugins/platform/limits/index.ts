import type {
  FastifyContextConfig,
  FastifyInstance,
  FastifyRequest,
  onErrorHookHandler,
  onRequestHookHandler
} from 'fastify'
import fp from 'fastify-plugin'
import type { RedisClient } from '#platform/redis/redis-cluster.ts'
import { addressOf, clientOf, createHasher } from './client.ts'
import { type Counter, createCounter, createLimitBreaker } from './counter.ts'
import { rateLimited } from './errors.ts'
import {
  fieldName,
  LIMITS,
  type LimitName,
  type Policy,
  policyField,
  type RateLimitState,
  secondsOf,
  standingField
} from './policy.ts'

/** Limits that a route may set in its configuration. */
export type RouteLimit = Exclude<LimitName, 'credentials' | 'unknownCodes' | 'passwords' | 'linkPasswords'>

/**
 * Limits failed attempts of one kind by IP address, or by another `subject`. Above the limit, attempts are
 * refused before any lookup.
 */
export interface FailureLimiter {
  /** True if the address of the request is blocked; does no I/O. */
  isBlocked(request: FastifyRequest, subject?: string): boolean
  /** Counts a refusal and returns the problem to throw: RATE_LIMITED. */
  refuse(request: FastifyRequest, subject?: string): Error
  /** Counts a failed attempt. */
  record(request: FastifyRequest, subject?: string): void
}

/** `app.limits`: hooks for routes with callers, and the limiter of unknown codes. */
export interface Limits {
  /** Hook `onRequest`, after authentication: counts the request, and refuses it above its route's limit. */
  readonly countRequest: onRequestHookHandler
  /** Hook `onError`: counts requests with an invalid key. */
  readonly countInvalidKey: onErrorHookHandler
  /** Limits requests for unknown short codes; null without rate limits. */
  readonly unknownCodes: FailureLimiter | null
  /** Limits wrong passwords of links: by address, and by link. */
  readonly passwords: FailureLimiter | null
  readonly linkPasswords: FailureLimiter | null
}

type Policies = Partial<Record<LimitName, Policy>>

export interface LimitOptions {
  /** Without a policy there is no limit. */
  policies: Policies
}

declare module 'fastify' {
  interface FastifyInstance {
    limits: Limits
  }
  interface FastifyContextConfig {
    /** The limit of the route, if not `api`; public routes have none by default. */
    limit?: RouteLimit
  }
}

/**
 * Limits the requests of each client: see docs/adr/2026-11-25-rate-limits.md. Each route with callers counts
 * under the limit in its `config.limit`, or under `api`. Responses state what is left (`RateLimit`,
 * `RateLimit-Policy`), and refusals when to retry (`Retry-After`). Requests with an invalid key are counted
 * by IP address. Publishes `app.limits`. Register it after redis and before the capabilities.
 */
async function limits(app: FastifyInstance, { policies }: LimitOptions) {
  const { client } = app.metrics
  const refusals = new client.Counter({
    name: 'fairlead_rate_limited_total',
    help: 'Requests refused because their client made too many, by limit',
    labelNames: ['limit'],
    registers: [client.register]
  })
  for (const name of LIMITS) refusals.inc({ limit: fieldName(name) }, 0)
  const counters = await openCounters(app, policies)

  let hasWarned = false

  function refusal(request: FastifyRequest, name: LimitName, waitMs: number): Error {
    refusals.inc({ limit: fieldName(name) })
    // Behind a proxy that is not configured, all of its clients share one address.
    if (!hasWarned && request.ips === undefined && request.headers['x-forwarded-for'] !== undefined) {
      hasWarned = true
      app.log.warn({ limit: fieldName(name) }, 'proxy counted as one client; add it to TRUST_PROXY')
    }
    return rateLimited(name, secondsOf(waitMs))
  }

  function failureLimiter(name: LimitName): FailureLimiter | null {
    const counter = counters[name]
    if (counter === undefined) return null
    return {
      isBlocked: ({ address }, subject = addressOf(address)) => counter.heldBackMs(subject) > 0,
      refuse: (request, subject = addressOf(request.address)) =>
        refusal(request, name, counter.heldBackMs(subject)),
      record(request, subject = addressOf(request.address)) {
        void counter.count(request, subject)
      }
    }
  }

  const countRequest: onRequestHookHandler = (request, reply, done) => {
    const name = limitOf(request.routeOptions.config)
    const [counter, policy] = name === null ? [] : [counters[name], policies[name]]
    if (name === null || counter === undefined || policy === undefined) {
      done()
      return
    }
    const admit = (state: RateLimitState) => {
      reply.header('ratelimit-policy', policyField(name, policy))
      reply.header('ratelimit', standingField(name, state))
      done(state.isExceeded ? refusal(request, name, state.resetMs) : undefined)
    }
    const client = clientOf(request)
    const heldMs = counter.heldBackMs(client)
    if (heldMs > 0) admit({ isExceeded: true, remaining: 0, resetMs: heldMs })
    else counter.count(request, client).then(admit, done)
  }

  const credentials = app.access.mode === 'keys' ? failureLimiter('credentials') : null
  const countInvalidKey: onErrorHookHandler = (request, _reply, error, done) => {
    if (error.code === 'CREDENTIALS_INVALID' && hasKey(request) && isGuarded(request.routeOptions.config))
      credentials?.record(request)
    done()
  }
  // Runs before keys are looked up, and only on routes that need one. Expired cookies are not guesses.
  if (credentials !== null)
    app.access.authenticateBy((request) => {
      if (hasKey(request) && credentials.isBlocked(request)) throw credentials.refuse(request)
      return null
    })

  const failureLimiters = {
    unknownCodes: failureLimiter('unknownCodes'),
    passwords: failureLimiter('passwords'),
    linkPasswords: failureLimiter('linkPasswords')
  }
  app.decorate('limits', { countRequest, countInvalidKey, ...failureLimiters })
}

async function openCounters(app: FastifyInstance, policies: Policies) {
  const redis: RedisClient | null = app.hasDecorator('redis') ? app.redis : null
  // Setting the wall clock must not block or unblock clients; only the day of the salt uses it.
  const now = () => performance.now()
  const breaker = createLimitBreaker(now)
  const hash = redis === null ? async (text: string) => text : createHasher(redis, Date.now)
  const counters: Partial<Record<LimitName, Counter>> = {}
  for (const name of LIMITS) {
    const policy = policies[name]
    if (policy) counters[name] = await createCounter(app, { name, policy, redis, hash, breaker, now })
  }
  return counters
}

/** The limit of a route; null where it has none. */
function limitOf(config: FastifyContextConfig): RouteLimit | null {
  return config.limit ?? (isGuarded(config) ? 'api' : null)
}

function isGuarded({ access }: FastifyContextConfig): boolean {
  return access !== undefined && access !== 'public'
}

function hasKey({ headers }: FastifyRequest): boolean {
  return headers.authorization !== undefined || headers['x-api-key'] !== undefined
}

export default fp(limits, {
  name: 'limits',
  dependencies: ['access', 'metrics', 'errors', 'requests', 'redis'],
  fastify: '5.x'
})
