import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Fullness } from '#platform/async/bounded-cache.ts'
import type { RedisClient } from '#platform/redis/redis-cluster.ts'
import {
  type Change,
  createInvalidationPublisher,
  type InvalidationPublisher,
  type Message
} from './invalidation-publisher.ts'
import { createInvalidationSubscriber, type InvalidationSubscriber } from './invalidation-subscriber.ts'
import type { CacheStats } from './lookup.ts'
import { createSharedTier, defineScripts } from './shared.ts'
import { type ControlledCache, createTieredCache, type TieredCache } from './tiered.ts'

/** What a capability says about the thing it caches. */
export interface OpenOptions<V> {
  /** Lower-case word, the same in every process: it names the keys in Redis. */
  name: string
  /** Asks the origin for `key`; null when it does not exist. A rejection means that nobody knows. */
  load(key: string): Promise<V | null>
  /** A whole number from 1 that grows with each change. */
  versionOf(value: V): number
  /**
   * Letter of the format of entries in Redis, `v` by default. Entries of other formats are misses, so change it when the release
   * before must not answer from new entries, or this one not from old ones.
   */
  format?: string
  /** Most values held in process, if less than the setting. */
  maxEntries?: number
  /** Text for Redis; JSON when not said. */
  encode?(value: V): string
  decode?(text: string): V
  /** How long the origin may take, in milliseconds. */
  loadTimeoutMs?: number
}

/** `app.cache`: tiered caches by name, and what changes to tell them. */
export interface Cache {
  /** Opens the cache `name`, once an app. Throws when it is open already. */
  open<V>(options: OpenOptions<V>): TieredCache<V>
  /**
   * Drops changed keys here and in every replica. Call it after the change is committed, with the versions it gave.
   * Resolves when Redis took it (replicas drop theirs within milliseconds) or it waits for Redis to come back. Never
   * rejects.
   */
  invalidate(name: string, changes: readonly Change[]): Promise<void>
  /** Drops what is known not to exist, here and in every replica: call it after many keys were created at once. */
  invalidateUnknown(name: string): Promise<void>
  /**
   * Calls `listener` when {@link invalidate} is told of `name` by another replica, and when that may have been missed. `name` need be
   * no cache: whatever replicas hold may be told of in this way.
   */
  onInvalidate(name: string, listener: () => void): void
  /** Counts by cache, for metrics. */
  stats(): Record<string, CacheStats>
  /** How full the maps of the caches are, by cache and what they hold: `links`, `links:unknown`, `links:invalidated`. */
  fullness(): Record<string, Fullness>
  /** Rejects when Redis is configured and changes made by other replicas are not heard of now. */
  ping(): Promise<void>
}

export interface CacheOptions {
  /** Most keys held in process, a cache: about 0.4 KB each. */
  maxEntries?: number
  /** Most keys known not to exist, a cache: about 0.1 KB each. */
  maxUnknown?: number
  /** How long a value is used before a refresh, in milliseconds: the backstop behind invalidation. */
  freshMs?: number
  /** How long after that it is used while the origin does not answer. */
  staleMs?: number
  /** How long a key that does not exist is remembered. */
  unknownMs?: number
  /** How often what is held is doubted while changes are not heard of. */
  doubtMs?: number
}

declare module 'fastify' {
  interface FastifyInstance {
    cache: Cache
  }
}

const DEFAULTS = {
  maxEntries: 50_000,
  maxUnknown: 50_000,
  freshMs: 60_000,
  staleMs: 24 * 3_600_000,
  unknownMs: 30_000,
  doubtMs: 1_000
}

/** How long invalidated versions are kept out, here and in Redis: well over the time any lookup is waited for. */
const FLOOR_MS = 60_000

/** How long a request waits for news of a value that is in doubt before it takes it as it is. */
const PATIENCE_MS = 250

/**
 * Publishes `app.cache`: in-process entries, over Redis where app.redis exists, over the origin. Without Redis it serves
 * one process whole. While Redis is away it goes on by itself: in-process entries are asked for again every second, and
 * used as they are when the origin is away too. See docs/adr/2026-11-23-redirect-cache.md.
 */
async function cache(app: FastifyInstance, options: CacheOptions) {
  const { doubtMs, ...bounds } = { ...DEFAULTS, ...options }
  const caches = new Map<string, ControlledCache<unknown>>()
  const redis: RedisClient | null = app.hasDecorator('redis') ? app.redis : null
  const listeners = new Map<string, () => void>()
  const channel = redis === null ? null : openChannel(app, redis, { caches, listeners }, doubtMs)

  const service: Cache = {
    open<V>(options: OpenOptions<V>): TieredCache<V> {
      const {
        name,
        load,
        versionOf,
        format = 'v',
        encode = JSON.stringify,
        decode = JSON.parse,
        loadTimeoutMs = 3_000,
        maxEntries = bounds.maxEntries
      } = options
      if (caches.has(name)) throw new Error(`The cache ${name} is open already`)
      const sharedBounds = {
        freshMs: 2 * bounds.freshMs,
        staleMs: bounds.staleMs,
        unknownMs: bounds.unknownMs
      }
      const opened = createTieredCache<V>({
        ...bounds,
        maxEntries: Math.min(maxEntries, bounds.maxEntries),
        load,
        versionOf,
        loadTimeoutMs,
        floorMs: FLOOR_MS,
        patienceMs: PATIENCE_MS,
        // Setting the clock must not change how old things are; only what replicas share goes by it.
        now: () => performance.now(),
        shared:
          redis && createSharedTier(redis, { name, format, encode, decode, now: Date.now, ...sharedBounds }),
        isListening: () => channel === null || channel.listener.isListening,
        onOutage(isOut, error) {
          if (isOut) app.log.warn({ err: error, cache: name }, 'cache lookups failing, using cached entries')
          else app.log.info({ cache: name }, 'cache lookups recovered')
        }
      })
      caches.set(name, opened as ControlledCache<unknown>)
      return opened
    },
    async invalidate(name, changes) {
      const own = caches.get(name)
      if (own) for (const { key, version } of changes) own.forget(key, version)
      if (changes.length > 0) await channel?.publisher.publish(name, changes)
    },
    async invalidateUnknown(name) {
      const own = caches.get(name)
      own?.forgetUnknown(0)
      const generation = await channel?.publisher.tellUnknown(name)
      if (generation) own?.forgetUnknown(generation)
    },
    onInvalidate: (name, listener) => void listeners.set(name, listener),
    stats: () => Object.fromEntries([...caches].map(([name, one]) => [name, one.stats()])),
    fullness: () =>
      Object.assign(
        {},
        ...[...caches].map(([name, one]) => {
          const { size, unknown, invalidated } = one.stats()
          return {
            [name]: { size, max: bounds.maxEntries },
            [`${name}:unknown`]: { size: unknown, max: bounds.maxUnknown },
            [`${name}:invalidated`]: { size: invalidated, max: bounds.maxEntries }
          }
        })
      ),
    async ping() {
      if (redis === null || channel === null) return
      await redis.ping()
      if (!channel.listener.isListening) throw new Error('changes made by other replicas are not heard of')
    }
  }
  app.decorate('cache', service)
  if (channel === null) return
  // When all caches are open, so that it can ask for their generations.
  app.addHook('onReady', () => channel.listener.start())
  app.addHook('onClose', async () => {
    await channel.publisher.close()
    channel.listener.close()
  })
}

interface Channel {
  publisher: InvalidationPublisher
  listener: InvalidationSubscriber
}

function openChannel(
  app: FastifyInstance,
  redis: RedisClient,
  {
    caches,
    listeners
  }: {
    caches: ReadonlyMap<string, ControlledCache<unknown>>
    listeners: ReadonlyMap<string, () => void>
  },
  doubtMs: number
): Channel {
  defineScripts(redis)
  // Redis keeps channels apart neither by database number nor by key prefix.
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
      listeners.get(cache)?.()
      const one = caches.get(cache)
      if (one === undefined) return
      for (const [key, version] of changed ?? []) one.forget(key, version)
      if (generation !== undefined) one.forgetUnknown(generation)
    },
    onDoubt() {
      for (const one of caches.values()) one.markStale()
      for (const publish of listeners.values()) publish()
    }
  })
  return { publisher, listener }
}

export default fp(cache, { name: 'cache', dependencies: ['redis'], fastify: '5.x' })
