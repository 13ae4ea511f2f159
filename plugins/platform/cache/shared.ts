import type { Result } from 'ioredis'
import { batchLoad } from '#platform/async/batch-load.ts'
import { createBreaker } from '#platform/async/breaker.ts'
import type { RedisClient } from '#platform/redis/redis-cluster.ts'

/**
 * The tier that replicas share. Each key is one Redis string, `<kind><version>:<fresh until>:<payload>`. The
 * kind of a value is the letter of the cache's format, `v` by default. The kind of a negative entry is that
 * letter in upper case; its version is 0 and its payload is its generation. The kind of the mark that an
 * invalidation leaves is `t`. Every key expires, so the policy `volatile-lru` may evict any of them.
 *
 * Replicas of two releases share keys during a rollout. Marks mean the same to both releases. An entry of
 * another format is a miss: a release never uses an entry whose restrictions it does not know.
 *
 * Invariant: an older version never replaces a newer one. Both writers compare versions in Lua scripts, which
 * Redis runs atomically.
 */

/** Reads the entry. A mark refuses older versions until it expires, an entry only while it is fresh. */
const COMPARE = `
local held = redis.call('GET', KEYS[1])
local kind, version, fresh
if held then kind, version, fresh = string.match(held, '^(%a)(%d+):(%d+):') end
version = tonumber(version or -1)`

const FILL = `${COMPARE}
if version > tonumber(ARGV[1]) and (kind == 't' or tonumber(fresh) > tonumber(ARGV[2])) then return version end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return -1`

const MARK = `${COMPARE}
if version >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], 't' .. ARGV[1] .. ':0:', 'PX', ARGV[2])
return 1`

const GENERATION = `
local generation = math.max(tonumber(redis.call('GET', KEYS[1]) or 0) + 1, tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%.0f', generation))
return generation`

declare module 'ioredis' {
  interface RedisCommander<Context> {
    fairleadFill(
      key: string,
      version: number,
      now: number,
      held: string,
      ttlMs: number
    ): Result<number, Context>
    fairleadMark(key: string, version: number, ttlMs: number): Result<number, Context>
    fairleadGeneration(key: string, least: number): Result<number, Context>
  }
}

/** An entry in Redis. */
export type Found<V> =
  | { kind: 'value'; value: V; version: number; isFresh: boolean }
  | { kind: 'unknown'; version: 0; generation: number }
  | { kind: 'mark'; version: number }

export interface SharedTier<V> {
  /** The entry of `key`; null when there is none or Redis does not answer. Never rejects. */
  read(key: string): Promise<Found<V> | null>
  /**
   * Stores the result of a lookup; for a key that does not exist `value` is null, and `generation` is that of
   * the entry. Returns -1, or the newer version that is kept instead. Never rejects.
   */
  fill(key: string, version: number, value: V | null, generation: number): Promise<number>
}

export interface SharedOptions<V> {
  name: string
  /** The lower-case letter of the entry format; not `t`, and not `u` (negative entries of old releases). */
  format: string
  encode(value: V): string
  decode(text: string): V
  /** Milliseconds until a value is refreshed from the origin. */
  freshMs: number
  /** Milliseconds after `freshMs` for which a value is kept in case the origin fails. */
  staleMs: number
  unknownMs: number
  now: () => number
}

/** Defines the scripts on a client as commands, which it sends as EVALSHA. */
export function defineScripts(redis: RedisClient): void {
  redis.defineCommand('fairleadFill', { numberOfKeys: 1, lua: FILL })
  redis.defineCommand('fairleadMark', { numberOfKeys: 1, lua: MARK })
  redis.defineCommand('fairleadGeneration', { numberOfKeys: 1, lua: GENERATION })
}

/** The Redis key of a cache key, without the prefix that the client adds. */
export function sharedKey(name: string, key: string): string {
  return `cache:${name}:${key}`
}

/** Creates the Redis tier of one cache. A breaker skips a failing Redis, so that few requests wait for it. */
export function createSharedTier<V>(redis: RedisClient, options: SharedOptions<V>): SharedTier<V> {
  const { name, format, freshMs, staleMs, unknownMs, encode, decode, now } = options
  const unknownKind = format.toUpperCase()
  // One failure opens it: a lost connection is detected without a command, so a failed command means a hang.
  const breaker = createBreaker({ threshold: 1, minMs: 100, maxMs: 1_000, now: () => performance.now() })

  function parse(text: string): Found<V> | null {
    const first = text.indexOf(':')
    const second = text.indexOf(':', first + 1)
    const version = Number(text.slice(1, first))
    switch (text[0]) {
      case format: {
        const value = decodeOrNull(text.slice(second + 1))
        const leftMs = Number(text.slice(first + 1, second)) - now()
        // Clocks differ a little. A much longer lifetime means that a clock was set back: the age is unknown.
        const isFresh = leftMs > 0 && leftMs < 2 * freshMs
        return value === null ? null : { kind: 'value', value, version, isFresh }
      }
      case unknownKind:
        return { kind: 'unknown', version: 0, generation: Number(text.slice(second + 1)) }
      case 't':
        return { kind: 'mark', version }
      default:
        return null
    }
  }

  /** An entry that can not be decoded counts as a miss, and the next lookup overwrites it. */
  function decodeOrNull(text: string): V | null {
    try {
      return decode(text)
    } catch {
      return null
    }
  }

  // A cluster spreads the keys over nodes, so they are read one by one; commands to one node are pipelined.
  const get = redis.isCluster
    ? (key: string) => redis.get(sharedKey(name, key))
    : batchLoad((keys) => redis.mget(keys.map((key) => sharedKey(name, key))))

  return {
    async read(key) {
      if (redis.status !== 'ready' || !breaker.allows()) return null
      let text: string | null
      try {
        text = await get(key)
        breaker.succeed()
      } catch {
        breaker.fail()
        return null
      }
      return text === null ? null : parse(text)
    },
    async fill(key, version, value, generation) {
      if (redis.status !== 'ready' || breaker.isOpen) return -1
      const time = now()
      const lifeMs = value === null ? unknownMs : freshMs
      const payload = value === null ? generation : encode(value)
      const held = `${value === null ? unknownKind : format}${version}:${time + lifeMs}:${payload}`
      const ttlMs = value === null ? unknownMs : freshMs + staleMs
      try {
        return await redis.fairleadFill(sharedKey(name, key), version, time, held, ttlMs)
      } catch {
        // The next reader looks the key up itself.
        return -1
      }
    }
  }
}
