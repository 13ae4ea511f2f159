import type { FastifyInstance } from 'fastify'
import type { RedisClient } from '#platform/redis/redis-cluster.ts'
import {
  createInvalidationPublisher,
  type InvalidationPublisher,
  type Message
} from './invalidation-publisher.ts'
import { createInvalidationSubscriber, type InvalidationSubscriber } from './invalidation-subscriber.ts'
import { defineScripts } from './shared.ts'
import type { ControlledCache } from './tiered.ts'

/** How long an invalidated version is refused, here and in Redis: well over the timeout of any lookup. */
export const FLOOR_MS = 60_000

/** The invalidations of this process and of the other replicas. */
export interface Channel {
  publisher: InvalidationPublisher
  listener: InvalidationSubscriber
}

/** What the messages of other replicas say. */
interface Heard {
  onChange(name: string): void
  /** A message may have been missed. */
  onDoubt(): void
}

/** Opens the channel of `caches`. An entry is marked stale every `doubtMs` while messages may be missed. */
export function openChannel(
  app: FastifyInstance,
  redis: RedisClient,
  caches: ReadonlyMap<string, ControlledCache<unknown>>,
  doubtMs: number,
  heard: Heard
): Channel {
  defineScripts(redis)
  // Redis does not separate channels by database number or key prefix.
  const database = 'db' in redis.options ? redis.options.db : 0
  const channel = `${redis.options.keyPrefix ?? ''}cache:${database ?? 0}`
  const publisher = createInvalidationPublisher({
    redis,
    channel,
    markMs: FLOOR_MS,
    maxWaiting: 100_000,
    retryMs: 200,
    onProblem: (error) => app.log.warn({ err: error }, 'cache invalidations queued until Redis is back')
  })
  const listener = createInvalidationSubscriber({
    redis,
    channel,
    doubtMs,
    pingMs: 2_000,
    startMs: 1_000,
    caches: () => caches.keys(),
    onMessage({ cache, changed, generation }: Message) {
      heard.onChange(cache)
      const one = caches.get(cache)
      if (one === undefined) return
      for (const [key, version] of changed ?? []) one.forget(key, version)
      if (generation !== undefined) one.forgetUnknown(generation)
    },
    onDoubt() {
      for (const one of caches.values()) one.markStale()
      heard.onDoubt()
    }
  })
  return { publisher, listener }
}
