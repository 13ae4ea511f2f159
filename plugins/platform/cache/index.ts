import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Fullness } from '#platform/async/bounded-cache.ts'
import type { RedisClient } from '#platform/redis/redis-cluster.ts'
import { FLOOR_MS, openChannel } from './invalidation-channel.ts'
import type { Change } from './invalidation-publisher.ts'
import type { CacheStats } from './lookup.ts'
import { createSharedTier } from './shared.ts'
import { type ControlledCache, createTieredCache, type TieredCache } from './tiered.ts'

/** How a capability opens a cache. */
export interface OpenOptions<V> {
  /** A lower-case word that is the same in every process, because it is part of the Redis keys. */
  name: string
  /** Loads `key` from the origin; null when it does not exist. Rejects when the origin fails. */
  load(key: string): Promise<V | null>
  /** The version of a value: a whole number from 1 that grows with each change. */
  versionOf(value: V): number
  /**
   * The letter of the format of Redis entries, `v` by default. Entries of other formats are misses. Change it
   * when this release and the previous one must not read each other's entries.
   */
  format?: string
  /** Maximum number of in-process entries, if lower than the setting. */
  maxEntries?: number
  /** Encodes a value for Redis; JSON by default. */
  encode?(value: V): string
  decode?(text: string): V
  /** Timeout of `load`, in milliseconds. */
  loadTimeoutMs?: number
}

/** `app.cache`: tiered caches by name, and their invalidation. */
export interface Cache {
  /** Opens the cache `name`. Throws when that cache is open already. */
  open<V>(options: OpenOptions<V>): TieredCache<V>
  /**
   * Drops changed keys in this process and in every replica. Call it with the new versions after the change
   * is committed. Resolves when Redis has the change, or when it is queued until Redis is back. Replicas drop
   * the keys within milliseconds. Never rejects.
   */
  invalidate(name: string, changes: readonly Change[]): Promise<void>
  /** Drops negative entries here and in every replica. Call it after creating many keys at once. */
  invalidateUnknown(name: string): Promise<void>
  /**
   * Calls `listener` when another replica invalidates `name`, and when such a message may have been missed.
   * `name` does not have to be an open cache, so other replicated state can be invalidated in this way.
   */
  onInvalidate(name: string, listener: () => void): void
  /**
   * Returns a number that grows when this process or another replica invalidates `name`, and when such a
   * message may have been missed.
   */
  changes(name: string): number
  /** Counters by cache, for metrics. */
  stats(): Record<string, CacheStats>
  /** How full the maps of each cache are: `links`, `links:unknown`, `links:invalidated`. */
  fullness(): Record<string, Fullness>
  /** Rejects when Redis is configured and this process does not receive invalidations. */
  ping(): Promise<void>
}

export interface CacheOptions {
  /** Maximum number of in-process entries of a cache: about 0.4 KB each. */
  maxEntries?: number
  /** Maximum number of negative entries of a cache: about 0.1 KB each. */
  maxUnknown?: number
  /** Milliseconds until a value is refreshed, in case an invalidation was lost. */
  freshMs?: number
  /** Milliseconds after `freshMs` for which a value is served while the origin fails. */
  staleMs?: number
  /** Lifetime of a negative entry, in milliseconds. */
  unknownMs?: number
  /** Interval at which entries are marked stale while invalidations are not received. */
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

/** How long a request waits for the refresh of a stale value before it uses that value. */
const PATIENCE_MS = 250

/**
 * Publishes `app.cache`: in-process entries, then Redis where `app.redis` exists, then the origin. Without
 * Redis it serves a single process. While Redis is down, in-process entries are refreshed from the origin
 * every second. They are served stale when the origin is down too. See docs/adr/2026-11-23-redirect-cache.md.
 */
async function cache(app: FastifyInstance, options: CacheOptions) {
  const { doubtMs, ...bounds } = { ...DEFAULTS, ...options }
  const caches = new Map<string, ControlledCache<unknown>>()
  const redis: RedisClient | null = app.hasDecorator('redis') ? app.redis : null
  const listeners = new Map<string, () => void>()
  /** By the name of the cache; `doubts` counts for each. */
  const changed = new Map<string, number>()
  let doubts = 0
  const count = (name: string) => changed.set(name, (changed.get(name) ?? 0) + 1)
  const channel =
    redis === null
      ? null
      : openChannel(app, redis, caches, doubtMs, {
          onChange(name) {
            count(name)
            listeners.get(name)?.()
          },
          onDoubt() {
            doubts++
            for (const listener of listeners.values()) listener()
          }
        })

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
        // Setting the wall clock must not change the age of entries; only entries in Redis use wall time.
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
      if (changes.length === 0) return
      count(name)
      await channel?.publisher.publish(name, changes)
    },
    async invalidateUnknown(name) {
      const own = caches.get(name)
      own?.forgetUnknown(0)
      count(name)
      const generation = await channel?.publisher.tellUnknown(name)
      if (generation) own?.forgetUnknown(generation)
    },
    onInvalidate: (name, listener) => void listeners.set(name, listener),
    changes: (name) => (changed.get(name) ?? 0) + doubts,
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
  // Starts when all caches are open, because it reads their generations.
  app.addHook('onReady', () => channel.listener.start())
  app.addHook('onClose', async () => {
    await channel.publisher.close()
    channel.listener.close()
  })
}

export default fp(cache, { name: 'cache', dependencies: ['redis'], fastify: '5.x' })
