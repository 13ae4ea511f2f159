import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { describeAnswer } from '#platform/http/describe-answers.ts'
import type { RedisClient } from '#platform/redis/redis-cluster.ts'
import { problemAnswer } from '#schema/shapes/problem.ts'
import { addressOf, clientOf, createHasher } from './client.ts'
import { type Counter, createCounter, createLimitBreaker } from './counter.ts'
import { rateLimited } from './errors.ts'
import {
  fieldName,
  LIMITS,
  type LimitName,
  type Policy,
  policyField,
  secondsOf,
  standingField
} from './policy.ts'

/** Limits that a route may name in its configuration. */
export type RouteLimit = Exclude<LimitName, 'credentials' | 'unknownCodes'>

/** Limits failed attempts of one kind by IP address: too many, and further ones are refused before any lookup. */
export interface FailureLimiter {
  /** True if the address of the request is blocked; does no I/O. */
  isBlocked(request: FastifyRequest): boolean
  /** Counts a refusal and gives the problem to throw: RATE_LIMITED. */
  refuse(request: FastifyRequest): Error
  /** Counts a failed attempt. */
  record(request: FastifyRequest): void
}

/** `app.limits`: what is counted beside the routes. */
export interface Limits {
  /** Short codes that no link has; null where nothing is limited. */
  readonly unknownCodes: FailureLimiter | null
}

export interface LimitOptions {
  /** Null where nothing is limited. */
  policies: Record<LimitName, Policy> | null
}

declare module 'fastify' {
  interface FastifyInstance {
    limits: Limits
  }
  interface FastifyContextConfig {
    /** The limit of the route, where it is not `api`; public routes have none unless they say. */
    limit?: RouteLimit
  }
}

/**
 * Limits what one client may do: see docs/adr/2026-11-25-rate-limits.md. Each route that asks something of its callers
 * counts under the limit it names in `config.limit`, else under `api`; redirects run nothing of it. Answers tell where the
 * client stands (`RateLimit`, `RateLimit-Policy`), refusals when to come back (`Retry-After`). Calls with keys that are not good
 * are counted by address. Publishes `app.limits`. Register it after redis and before the routes.
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
  const counters = policies === null ? null : await openCounters(app, policies)

  let hasWarned = false

  function refusal(request: FastifyRequest, name: LimitName, waitMs: number): Error {
    refusals.inc({ limit: fieldName(name) })
    // Behind a proxy that nobody named, all of its clients are one.
    if (!hasWarned && request.ips === undefined && request.headers['x-forwarded-for'] !== undefined) {
      hasWarned = true
      app.log.warn({ limit: fieldName(name) }, 'proxy counted as one client; add it to TRUST_PROXY')
    }
    return rateLimited(name, secondsOf(waitMs))
  }

  function failureLimiter(name: LimitName): FailureLimiter | null {
    if (counters === null) return null
    const counter = counters[name]
    return {
      isBlocked: ({ address }) => counter.heldBackMs(addressOf(address)) > 0,
      refuse: (request) => refusal(request, name, counter.heldBackMs(addressOf(request.address))),
      record(request) {
        void counter.count(request, addressOf(request.address))
      }
    }
  }

  /** What counts the requests of a route, as its last onRequest hook: who asks is known by then. */
  function limitRoute(name: RouteLimit, counter: Counter, policy: Policy) {
    return async function onLimit(request: FastifyRequest, reply: FastifyReply) {
      const who = clientOf(request)
      const heldMs = counter.heldBackMs(who)
      const state =
        heldMs > 0 ? { isExceeded: true, remaining: 0, resetMs: heldMs } : await counter.count(request, who)
      reply.header('ratelimit-policy', policyField(name, policy))
      reply.header('ratelimit', standingField(name, state))
      if (state.isExceeded) throw refusal(request, name, state.resetMs)
    }
  }

  app.addHook('onRoute', (route: RouteOptions) => {
    const name = limitOf(route)
    if (name === null) return
    // In the description whether limits are on or not: clients are written once.
    describeAnswer(route, 429, REFUSAL)
    if (counters === null || policies === null) return
    route.onRequest = [...[route.onRequest ?? []].flat(), limitRoute(name, counters[name], policies[name])]
  })

  const credentials = failureLimiter('credentials')
  if (credentials !== null && app.access.mode === 'keys') limitCredentials(app, credentials)
  app.decorate('limits', { unknownCodes: failureLimiter('unknownCodes') })
}

async function openCounters(app: FastifyInstance, policies: Record<LimitName, Policy>) {
  const redis: RedisClient | null = app.hasDecorator('redis') ? app.redis : null
  // Setting the clock must not change who is held back; only the day, which replicas share, goes by it.
  const now = () => performance.now()
  const breaker = createLimitBreaker(now)
  const hash = redis === null ? async (text: string) => text : createHasher(redis, Date.now)
  const counters = {} as Record<LimitName, Counter>
  for (const name of LIMITS)
    counters[name] = await createCounter(app, { name, policy: policies[name], redis, hash, breaker, now })
  return counters
}

/** The limit of a route; null where it has none. What does not say its access yet is a page, whose scope will (openapi.ts). */
function limitOf({ config }: RouteOptions): RouteLimit | null {
  if (config?.hot) return null
  return config?.limit ?? (isGuarded(config) ? 'api' : null)
}

function isGuarded(config: RouteOptions['config']): boolean {
  return config?.access !== undefined && config.access !== 'public'
}

/** The refusal as the description shows it. */
const REFUSAL = problemAnswer('The client made too many requests of the kind', {
  'Retry-After': { type: 'integer', description: 'Seconds until there is room again' },
  RateLimit: { type: 'string', description: 'What is left: `"create";r=0;t=12`' },
  'RateLimit-Policy': { type: 'string', description: 'The limit: `"create";q=300;w=60`' }
})

/**
 * Whoever tries keys is refused before they are looked up. Asked before the recognisers of those who know keys, and only on
 * routes that need one; a cookie that has ended is no guess.
 */
function limitCredentials(app: FastifyInstance, credentials: FailureLimiter): void {
  const hasKey = ({ headers }: FastifyRequest) =>
    headers.authorization !== undefined || headers['x-api-key'] !== undefined
  app.access.authenticateBy((request) => {
    if (hasKey(request) && credentials.isBlocked(request)) throw credentials.refuse(request)
    return null
  })
  app.addHook('onRoute', (route: RouteOptions) => {
    if (!isGuarded(route.config)) return
    route.onError = [
      ...[route.onError ?? []].flat(),
      (request, _reply, error, done) => {
        if (error.code === 'CREDENTIALS_INVALID' && hasKey(request)) credentials.record(request)
        done()
      }
    ]
  })
}

export default fp(limits, {
  name: 'limits',
  dependencies: ['access', 'metrics', 'errors', 'requests', 'redis'],
  fastify: '5.x'
})
