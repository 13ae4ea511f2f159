import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { createBoundedCache } from '#platform/async/bounded-cache.ts'
import { type Breaker, createBreaker } from '#platform/async/breaker.ts'
import type { RedisClient } from '#platform/redis/redis-cluster.ts'
import type { LimitName, Policy, RateLimitState } from './policy.ts'

/** Counts what clients do under one policy. */
export interface Counter {
  /** Milliseconds until `client`, which was over the limit when last counted, has room again; 0 when it has. Asks nobody. */
  heldBackMs(client: string): number
  /** Counts one request for `client` and gives where that leaves it. Never rejects. */
  count(request: FastifyRequest, client: string): Promise<RateLimitState>
}

export interface CounterOptions {
  name: LimitName
  policy: Policy
  /** Where replicas count together; null where a process counts by itself. */
  redis: RedisClient | null
  /** Names a client in Redis. */
  hash(client: string): Promise<string>
  breaker: Breaker
  now: () => number
}

/** Clients that are counted, or held back, in process at most; who was counted longest ago is forgotten first. */
const MAX_CLIENTS = 20_000

/** One for all limits: they talk to the same Redis. One failure is enough, as for the cache (cache/shared.ts). */
export function createLimitBreaker(now: () => number): Breaker {
  return createBreaker({ threshold: 1, minMs: 100, maxMs: 1_000, now })
}

/**
 * Makes the counter of one limit with @fastify/rate-limit, each store in a scope of its own, so that no route gets a hook of it. While
 * Redis does not answer the process counts by itself: a client may then do as much again on each replica, and nobody is
 * refused for it.
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
      // `isAllowed` is of those on a list of exceptions, and there is none.
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
