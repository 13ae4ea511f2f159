import { LRUCache } from 'lru-cache'
import { type CacheStats, createLookup, type Looked } from './lookup.ts'
import { createMemory, type Entry } from './memory.ts'
import type { SharedTier } from './shared.ts'

/**
 * A cache of one kind of value: in-process entries over {@link createLookup}. A fresh entry is used at once.
 * An entry past its freshness is used while one refresh runs. An entry far past it, or held while an
 * invalidation may have been missed, is refreshed first. It is used only if the refresh fails or is slow.
 *
 * Invariants: at most one lookup runs per key. An older version never replaces a newer one. A lookup that
 * returns an invalidated version is repeated. A failed lookup is an error, never "does not exist".
 */

export interface TieredCache<V> {
  /**
   * The value of `key`, or null when it does not exist. Synchronous when it is held in process. Otherwise a
   * promise, which rejects with a 503 problem when neither Redis nor the origin answers.
   */
  get(key: string): V | null | Promise<V | null>
  /** The value of `key` if a fresh in-process entry exists; does no I/O. */
  held(key: string): V | undefined
  /** All values held in process. */
  heldValues(): IterableIterator<V>
}

export interface TieredOptions<V> {
  shared: SharedTier<V> | null
  load(key: string): Promise<V | null>
  versionOf(value: V): number
  maxEntries: number
  maxUnknown: number
  /** Milliseconds until an entry is refreshed; jittered by 10 % either way. */
  freshMs: number
  /** Milliseconds after `freshMs` for which an entry is used while the origin fails. */
  staleMs: number
  unknownMs: number
  /** How long invalidated versions are refused; longer than any lookup takes. */
  floorMs: number
  /** How long a request waits for a refresh before it uses the stale value. */
  patienceMs: number
  loadTimeoutMs: number
  now: () => number
  /** True while invalidations of other replicas are received. */
  isListening: () => boolean
  onOutage(isOut: boolean, error: unknown): void
}

/** A {@link TieredCache} with the methods for the invalidation channel. */
export interface ControlledCache<V> extends TieredCache<V> {
  /** Drops `key` if its version is below `version`, also in running lookups. */
  forget(key: string, version: number): void
  /** Drops all negative entries from before `generation`. */
  forgetUnknown(generation: number): void
  /** Marks all entries stale: invalidations may have been missed. */
  markStale(): void
  stats(): CacheStats
}

interface Flight<V> {
  /** Highest version that was invalidated since this lookup began; 0 when none was. */
  minVersion: number
  promise: Promise<V | null>
}

/** After this many invalidated lookups of a key the result is returned without being kept. */
const MAX_ATTEMPTS = 5

/** Creates an empty cache. */
export function createTieredCache<V>(options: TieredOptions<V>): ControlledCache<V> {
  const { maxEntries, maxUnknown, freshMs, staleMs, unknownMs, floorMs, patienceMs } = options
  const start = options.now()
  const now = () => options.now() - start
  const memory = createMemory<V>(maxEntries)
  const unknown = createExpiring(maxUnknown, unknownMs, options.now)
  const floors = createExpiring(maxEntries, floorMs, options.now)
  const flights = new Map<string, Flight<V>>()
  const stats = { hits: 0, stale: 0, negatives: 0, redisHits: 0, loads: 0, failures: 0 }
  let epoch = 0
  let generation = 0

  const lookup = createLookup<V>({ ...options, now, stats, onOutdated: forget })

  function get(key: string): V | null | Promise<V | null> {
    const entry = memory.get(key)
    return valueIfFresh(entry) ?? (entry === undefined ? getUnheld(key) : getDue(entry))
  }

  function valueIfFresh(entry: Entry<V> | undefined): V | undefined {
    if (entry === undefined || entry.epoch !== epoch || now() >= entry.freshUntil) return undefined
    stats.hits++
    return entry.value
  }

  function getUnheld(key: string): null | Promise<V | null> {
    if (unknown.get(key) === epoch) {
      stats.negatives++
      return null
    }
    return join(ownString(key))
  }

  function getDue(entry: Entry<V>): V | null | Promise<V | null> {
    const time = now()
    if (time >= entry.freshUntil + staleMs) return join(entry.key)
    // Stale-while-revalidate (RFC 5861, section 3) lasts `freshMs`, so that TTLs bound the age of values.
    const isTrusted = entry.epoch === epoch && options.isListening() && time < entry.freshUntil + freshMs
    if (time < entry.retryAt || isTrusted) {
      if (time >= entry.retryAt && !flights.has(entry.key)) join(entry.key).catch(() => undefined)
      stats.stale++
      return entry.value
    }
    return preferNews(entry)
  }

  /** Waits briefly for a refresh. Falls back to the entry on an error or a timeout. */
  async function preferNews(entry: Entry<V>): Promise<V | null> {
    const news = join(entry.key)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, fail) => {
      timer = setTimeout(fail, patienceMs, null)
    })
    try {
      return await Promise.race([news, late])
    } catch (error) {
      // The entry was invalidated in the meantime, so it must not be used.
      if ((floors.get(entry.key) ?? 0) > entry.version) {
        if (error === null) return await news
        throw error
      }
      stats.stale++
      return entry.value
    } finally {
      clearTimeout(timer)
    }
  }

  function join(key: string): Promise<V | null> {
    const flight = flights.get(key)
    if (flight !== undefined) return flight.promise
    const started: Flight<V> = { minVersion: 0, promise: Promise.resolve(null) }
    flights.set(key, started)
    started.promise = fly(key, started)
    return started.promise
  }

  async function fly(key: string, flight: Flight<V>): Promise<V | null> {
    try {
      for (let attempt = 1; ; attempt++) {
        flight.minVersion = 0
        const begun = { epoch, generation }
        const looked = await lookup.find(key, lowestVersion(key), begun.generation)
        if (looked.version >= flight.minVersion) {
          keep(key, looked, begun.epoch)
          return looked.value
        }
        // Read before an invalidation that arrived since, so it is read again.
        if (attempt === MAX_ATTEMPTS) return looked.value
      }
    } catch (error) {
      postpone(key)
      throw error
    } finally {
      flights.delete(key)
    }
  }

  function lowestVersion(key: string): number {
    return Math.max(floors.get(key) ?? 0, memory.peek(key)?.version ?? 0)
  }

  function keep(key: string, { value, version, isFresh }: Looked<V>, since: number): void {
    if (version < (floors.get(key) ?? 0)) return
    if (value === null) {
      memory.delete(key)
      unknown.set(key, since)
      return
    }
    unknown.delete(key)
    const time = now()
    const lifeMs = freshMs * (0.9 + Math.random() * 0.2)
    const failures = isFresh ? 0 : (memory.peek(key)?.failures ?? 0) + 1
    memory.set(key, {
      value,
      version,
      epoch: since,
      freshUntil: Math.floor(isFresh ? time + lifeMs : time),
      retryAt: isFresh ? 0 : Math.floor(time + backoffMs(failures)),
      failures
    })
  }

  /** Delays the next refresh after a failed one; the entry is used until then. */
  function postpone(key: string): void {
    const entry = memory.peek(key)
    if (entry === undefined) return
    entry.failures++
    entry.retryAt = Math.floor(now() + backoffMs(entry.failures))
  }

  function forget(key: string, version: number): void {
    floors.set(key, Math.max(version, floors.get(key) ?? 0))
    unknown.delete(key)
    const entry = memory.peek(key)
    if (entry !== undefined && entry.version < version) memory.delete(key)
    const flight = flights.get(key)
    if (flight !== undefined) flight.minVersion = Math.max(flight.minVersion, version)
  }

  return {
    get,
    held: (key) => valueIfFresh(memory.get(key)),
    heldValues: memory.values,
    forget,
    forgetUnknown(since) {
      generation = Math.max(generation, since)
      unknown.clear()
      for (const flight of flights.values()) flight.minVersion = Math.max(flight.minVersion, 1)
    },
    markStale() {
      epoch++
    },
    stats: () => ({
      ...stats,
      evictions: memory.evictions,
      size: memory.size,
      unknown: unknown.size,
      invalidated: floors.size
    })
  }
}

/** A bounded map whose entries expire. It sets `maxSize`, because `max` allocates all slots up front. */
function createExpiring(maxSize: number, ttl: number, now: () => number): LRUCache<string, number> {
  return new LRUCache({ maxSize, sizeCalculation: () => 1, ttl, ttlResolution: 0, perf: { now } })
}

/** Copies `text`, because a slice keeps its whole source string alive, whose length clients choose. */
function ownString(text: string): string {
  // V8 copies shorter strings itself (SlicedString::kMinLength).
  return text.length < 13 ? text : Buffer.from(text).toString()
}

/** Pause after the nth failure in a row: from 100 ms to 5 s, jittered so that retries of keys spread. */
function backoffMs(failures: number): number {
  return Math.min(100 * 2 ** (failures - 1), 5_000) * (0.8 + Math.random() * 0.4)
}
