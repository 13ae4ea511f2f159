import { createHmac, randomBytes } from 'node:crypto'
import { normalizeIP } from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import type { RedisClient } from '#platform/redis/redis-cluster.ts'

/**
 * The client that a request counts for: its API key, else the signed-in user, else its IP address. IPv6
 * addresses are cut to their first 64 bits, which is what one subscriber has (RFC 6177).
 */
export function clientOf({ caller, address }: FastifyRequest): string {
  if (caller.keyId !== null) return `key:${caller.keyId}`
  if (caller.kind === 'session' && caller.userId !== null) return `user:${caller.userId}`
  return addressOf(address)
}

/** The client of a request that was not authenticated. */
export function addressOf(ip: string): string {
  return `ip:${normalizeIP(ip, 64)}`
}

const DAY_MS = 86_400_000

/** How long the salt is used before Redis is read again: replicas must not keep different salts. */
const RECHECK_MS = 60_000

/**
 * Creates the function that names clients in Redis, which must hold no readable addresses. It returns a keyed
 * hash. Its random key is shared by all replicas, changes daily and expires after two days. Rejects when
 * Redis does not answer.
 */
export function createHasher(redis: RedisClient, now: () => number): (client: string) => Promise<string> {
  let held = { day: 0, askedAt: Number.NEGATIVE_INFINITY, salt: '' }

  async function saltOf(time: number): Promise<string> {
    const day = Math.floor(time / DAY_MS)
    if (held.day === day && time - held.askedAt < RECHECK_MS) return held.salt
    const key = `limit-salt:${day}`
    await redis.set(key, randomBytes(16).toString('base64url'), 'PX', 2 * DAY_MS, 'NX')
    const salt = await redis.get(key)
    if (salt === null) throw new Error('Redis keeps no salt')
    held = { day, askedAt: time, salt }
    return salt
  }

  return async (client) =>
    createHmac('sha256', await saltOf(now()))
      .update(client)
      .digest('base64url')
      .slice(0, 22)
}
