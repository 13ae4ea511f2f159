import { createHmac, randomBytes } from 'node:crypto'
import { normalizeIP } from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import type { RedisClient } from '#platform/redis/redis-cluster.ts'

/**
 * For whom a request counts: the key that was sent, else the signed-in user, else the address it came from; of IPv6 its first 64
 * bits, which is what one subscriber has (RFC 6177).
 */
export function clientOf({ caller, address }: FastifyRequest): string {
  if (caller.keyId !== null) return `key:${caller.keyId}`
  if (caller.kind === 'session' && caller.userId !== null) return `user:${caller.userId}`
  return addressOf(address)
}

/** The same for requests that nobody has been asked about. */
export function addressOf(ip: string): string {
  return `ip:${normalizeIP(ip, 64)}`
}

const DAY_MS = 86_400_000

/** How long the salt is used without asking whether Redis still has it: replicas must not go on with different ones. */
const RECHECK_MS = 60_000

/**
 * Makes what names clients in Redis, where no address is to be read: by a keyed hash whose key is random, the same for all
 * replicas, new each day, and gone after two. Rejects when Redis does not answer.
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
