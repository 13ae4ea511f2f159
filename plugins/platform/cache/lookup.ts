import { type Breaker, createBreaker } from '#platform/async/breaker.ts'
import { withDeadline } from '#platform/async/deadline.ts'
import type { ProblemError } from '#platform/problem/problem.ts'
import { problems } from './errors.ts'
import type { SharedTier } from './shared.ts'

/** Looks up a key that is not held in process: in Redis, then at the origin, each behind a breaker. */

/** The result of a lookup; for a key that does not exist `value` is null and `version` is 0. */
export interface Looked<V> {
  value: V | null
  version: number
  /** False for a stale value that is used because the origin fails. */
  isFresh: boolean
}

export interface LookupStats {
  redisHits: number
  loads: number
  failures: number
}

/** Counters since the start, and current numbers of entries. */
export interface CacheStats extends LookupStats {
  /** Results from fresh in-process entries. */
  hits: number
  /** Results from stale in-process entries. */
  stale: number
  /** Results "does not exist" from negative entries. */
  negatives: number
  evictions: number
  size: number
  /** Number of negative entries. */
  unknown: number
  /** Number of keys whose older versions are refused. */
  invalidated: number
}

export interface LookupOptions<V> {
  shared: SharedTier<V> | null
  load(key: string): Promise<V | null>
  versionOf(value: V): number
  /** Timeout of `load`, in milliseconds. */
  loadTimeoutMs: number
  now: () => number
  stats: LookupStats
  /** Called when the origin starts (true) or stops (false) failing. */
  onOutage(isOut: boolean, error: unknown): void
  /** Called when Redis has a newer version of `key` than the origin returned. */
  onOutdated(key: string, version: number): void
}

export interface Lookup<V> {
  /**
   * Looks `key` up. Ignores Redis entries with a version below `minVersion`, and negative entries of
   * generations before `generation`. Rejects with a 503 problem when neither Redis nor the origin has an
   * answer.
   */
  find(key: string, minVersion: number, generation: number): Promise<Looked<V>>
}

/** Creates the lookup of one cache. */
export function createLookup<V>(options: LookupOptions<V>): Lookup<V> {
  const { shared, load, versionOf, loadTimeoutMs, now, stats, onOutage, onOutdated } = options
  let lastError: unknown
  const breaker = createBreaker({
    threshold: 3,
    minMs: 100,
    maxMs: 2_000,
    now,
    onChange: (isOpen) => onOutage(isOpen, lastError)
  })

  async function ask(key: string): Promise<V | null> {
    if (!breaker.allows()) throw unavailable(breaker, lastError)
    stats.loads++
    try {
      // A result after the deadline is dropped: an invalidation may have been received and expired since.
      const value = await withDeadline(load(key), loadTimeoutMs)
      breaker.succeed()
      return value
    } catch (error) {
      lastError = error
      stats.failures++
      breaker.fail()
      throw unavailable(breaker, error)
    }
  }

  function offer(tier: SharedTier<V>, key: string, looked: Looked<V>, generation: number): void {
    void tier.fill(key, looked.version, looked.value, generation).then((newer) => {
      if (newer > looked.version) onOutdated(key, newer)
    })
  }

  return {
    async find(key, minVersion, generation) {
      let fallback: Looked<V> | null = null
      const held = shared === null ? null : await shared.read(key)
      if (held?.kind === 'value' && held.version >= minVersion) {
        fallback = { value: held.value, version: held.version, isFresh: held.isFresh }
      } else if (held?.kind === 'unknown' && held.generation >= generation && minVersion <= 0) {
        fallback = { value: null, version: 0, isFresh: true }
      }
      if (fallback?.isFresh) {
        stats.redisHits++
        return fallback
      }
      let value: V | null
      try {
        value = await ask(key)
      } catch (error) {
        if (fallback === null) throw error
        return fallback
      }
      const looked = { value, version: value === null ? 0 : versionOf(value), isFresh: true }
      if (shared !== null) offer(shared, key, looked, generation)
      return looked
    }
  }
}

function unavailable(breaker: Breaker, cause: unknown): ProblemError {
  const retryAfter = Math.max(1, Math.ceil(breaker.retryInMs() / 1_000))
  const detail = 'The storage does not answer, so it is not known whether this exists: try again soon'
  return problems.LOOKUP_UNAVAILABLE(detail, { retryAfter, cause })
}
