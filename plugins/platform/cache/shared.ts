import type { Result } from 'ioredis'
import { batchLoad } from '#platform/async/batch-load.ts'
import { createBreaker } from '#platform/async/breaker.ts'
import type { RedisClient } from '#platform/redis/redis-cluster.ts'

/**
 * The tier that replicas share: one Redis string a key, `<kind><version>:<fresh until>:<payload>`. Its kinds are a
 * value (the letter of the cache's format, `v` by default), a key known not to exist (that letter in upper case, version 0,
 * its payload the generation of such knowledge) and the mark that an invalidation leaves (`t`). Every key expires, so the
 * policy `volatile-lru` may evict any of them.
 *
 * Replicas of two releases share keys during a rollout. Marks mean the same to both, while an entry of another format
 * is a miss: a release never answers from an entry whose restrictions it does not know.
 *
 * Invariant: an older version never replaces a newer one. Both writers compare inside Redis, where scripts run alone.
 */

/** Reads what is held: a mark keeps older versions out while it lasts, anything else only until it is due anyway. */
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

/** What Redis holds of a key. */
export type Found<V> =
  | { kind: 'value'; value: V; version: number; isFresh: boolean }
  | { kind: 'unknown'; version: 0; generation: number }
  | { kind: 'mark'; version: number }

export interface SharedTier<V> {
  /** What is held of `key`; null when nothing is or Redis does not answer. Never rejects. */
  read(key: string): Promise<Found<V> | null>
  /**
   * Offers what was looked up; `value` null for a key that does not exist, with the generation of such knowledge.
   * Gives the newer version that kept it out, or -1. Never rejects.
   */
  fill(key: string, version: number, value: V | null, generation: number): Promise<number>
}

export interface SharedOptions<V> {
  name: string
  /** The lower-case letter of the format of entries, other than `t` and `u` (earlier releases' unknown keys). */
  format: string
  encode(value: V): string
  decode(text: string): V
  /** How long a value is used without asking the origin again. */
  freshMs: number
  /** How long it is kept beyond that, for when the origin does not answer. */
  staleMs: number
  unknownMs: number
  now: () => number
}

/** Adds the scripts to a client, as commands that are sent as EVALSHA. */
export function defineScripts(redis: RedisClient): void {
  redis.defineCommand('fairleadFill', { numberOfKeys: 1, lua: FILL })
  redis.defineCommand('fairleadMark', { numberOfKeys: 1, lua: MARK })
  redis.defineCommand('fairleadGeneration', { numberOfKeys: 1, lua: GENERATION })
}

/** The Redis key of a key of a cache, behind the prefix that the client puts before all. */
export function sharedKey(name: string, key: string): string {
  return `cache:${name}:${key}`
}

/** Makes the Redis tier of one cache. While Redis fails it is left alone, so that a hung one costs few requests time. */
export function createSharedTier<V>(redis: RedisClient, options: SharedOptions<V>): SharedTier<V> {
  const { name, format, freshMs, staleMs, unknownMs, encode, decode, now } = options
  const unknownKind = format.toUpperCase()
  // One failure is enough: a lost connection is known without asking, so what fails is a Redis that hangs.
  const breaker = createBreaker({ threshold: 1, minMs: 100, maxMs: 1_000, now: () => performance.now() })

  function parse(text: string): Found<V> | null {
    const first = text.indexOf(':')
    const second = text.indexOf(':', first + 1)
    const version = Number(text.slice(1, first))
    switch (text[0]) {
      case format: {
        const value = decodeOrNull(text.slice(second + 1))
        const leftMs = Number(text.slice(first + 1, second)) - now()
        // Clocks differ a little. Far more than there ever is says that one was set back: nobody knows how old it is.
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

  /** An entry that can not be decoded counts as not held: it is looked up and overwritten. */
  function decodeOrNull(text: string): V | null {
    try {
      return decode(text)
    } catch {
      return null
    }
  }

  // In a cluster the keys lie on many nodes: they are asked for one by one, and those of one node travel together.
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
