import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { createBoundedCache } from '#platform/async/bounded-cache.ts'
import { type Breaker, createBreaker } from '#platform/async/breaker.ts'
import type { RedisClient } from '#platform/redis/redis-cluster.ts'
import type { LimitName, Policy, RateLimitState } from './policy.ts'

/** Counts the requests of clients under one policy. */
export interface Counter {
  /** Milliseconds until `client` may send again if it was last over the limit, else 0; does no I/O. */
  heldBackMs(client: string): number
  /** Counts one request of `client` and returns the resulting state. Never rejects. */
  count(request: FastifyRequest, client: string): Promise<RateLimitState>
}

export interface CounterOptions {
  name: LimitName
  policy: Policy
  /** Where replicas count together; null where each process counts alone. */
  redis: RedisClient | null
  /** Returns the name of a client in Redis. */
  hash(client: string): Promise<string>
  breaker: Breaker
  now: () => number
}

/**
 * Maximum number of clients that are counted, or blocked, in process; evicts the least recently counted one.
 */
const MAX_CLIENTS = 20_000

/** Shared by all limits, which use one Redis. One failure opens it, as in the cache (cache/shared.ts). */
export function createLimitBreaker(now: () => number): Breaker {
  return createBreaker({ threshold: 1, minMs: 100, maxMs: 1_000, now })
}

/**
 * Creates the counter of one limit with @fastify/rate-limit. Each store has its own scope, so that no route
 * gets the hook of the plugin. While Redis does not answer, each process counts alone. A client may then
 * reach the limit on each replica, and no request is refused because of the outage.
 */
export async function createCounter(app: FastifyInstance, options: CounterOptions): Promise<Counter> {
  const { name, policy, redis, hash, breaker, now } = options
  const clients = new WeakMap<FastifyRequest, string>()
  const clientOf = (request: FastifyRequest) => clients.get(request) ?? ''
  const settings = { global: false, max: policy.max, timeWindow: policy.windowMs, cache: MAX_CLIENTS }
  const heldBack = createBoundedCache<number>(`limit:${name}`, MAX_CLIENTS)

  async function open(more: object): Promise<(request: FastifyRequest) => Promise<RateLimitState>> {
    let check: ReturnType<FastifyInstance['createRateLimit']> | undefined
    await app.register(async (scope) => {
      await scope.register(rateLimit, { ...settings, ...more })
      check = scope.createRateLimit()
    })
    return async (request) => {
      const result = await check?.(request)
      // `isAllowed` marks clients on an allow list, and we have none.
      if (result === undefined || result.isAllowed) throw new Error('A request was not counted')
      return { isExceeded: result.isExceeded, remaining: result.remaining, resetMs: result.ttl }
    }
  }

  const alone = await open({ keyGenerator: clientOf })
  const together =
    redis &&
    (await open({
      redis,
      nameSpace: `limit:${name}:`,
      keyGenerator: (request: FastifyRequest) => hash(clientOf(request))
    }))

  async function ask(request: FastifyRequest): Promise<RateLimitState> {
    if (together === null || redis?.status !== 'ready' || !breaker.allows()) return alone(request)
    try {
      const state = await together(request)
      breaker.succeed()
      return state
    } catch {
      breaker.fail()
      return alone(request)
    }
  }

  return {
    heldBackMs: (client) => Math.max(0, (heldBack.get(client) ?? 0) - now()),
    async count(request, client) {
      clients.set(request, client)
      const state = await ask(request)
      if (state.isExceeded) heldBack.set(client, now() + state.resetMs)
      return state
    }
  }
}
