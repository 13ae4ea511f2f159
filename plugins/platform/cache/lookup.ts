import { type Breaker, createBreaker } from '#platform/async/breaker.ts'
import { withDeadline } from '#platform/async/deadline.ts'
import type { ProblemError } from '#platform/problem/problem.ts'
import { problems } from './errors.ts'
import type { SharedTier } from './shared.ts'

/** One lookup of a key that this process does not hold: Redis, then the origin, each left alone while it fails. */

/** What a lookup gave; `value` null (version 0) for a key that does not exist. */
export interface Looked<V> {
  value: V | null
  version: number
  /** False for a value that is only used because the origin does not answer. */
  isFresh: boolean
}

export interface LookupStats {
  redisHits: number
  loads: number
  failures: number
}

/** Counts since the start, and the number of entries held. */
export interface CacheStats extends LookupStats {
  /** Answers from this process' fresh entries. */
  hits: number
  /** Answers from entries past their time. */
  stale: number
  /** Answers "does not exist" from this process. */
  negatives: number
  evictions: number
  size: number
  /** Keys held that do not exist. */
  unknown: number
  /** Keys whose older versions are kept out. */
  invalidated: number
}

export interface LookupOptions<V> {
  shared: SharedTier<V> | null
  load(key: string): Promise<V | null>
  versionOf(value: V): number
  /** Longest wait for the origin. */
  loadTimeoutMs: number
  now: () => number
  stats: LookupStats
  /** Called when the origin stopped (true) or began (false) to answer. */
  onOutage(isOut: boolean, error: unknown): void
  /** Called when Redis holds a newer version of `key` than the origin gave. */
  onOutdated(key: string, version: number): void
}

export interface Lookup<V> {
  /**
   * Looks `key` up. Redis is believed from version `minVersion` on, and about what does not exist when it learned it in
   * `generation` or later. Rejects with a 503 problem when nobody can say.
   */
  find(key: string, minVersion: number, generation: number): Promise<Looked<V>>
}

/** Makes the lookup of one cache. */
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
      // A later answer is dropped: a change may have been made and forgotten since.
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
