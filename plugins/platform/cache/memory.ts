/**
 * The in-process tier: a bounded map from keys to decoded values. It evicts by SIEVE (Zhang et al., NSDI '24)
 * instead of strict LRU: a hit sets one flag and moves nothing. A key that is read once, as by a crawler that
 * walks through all codes, is evicted before any key that was read again.
 */

/**
 * An in-process entry. The cost of a hit is one read from memory, so the fields that a hit needs come first.
 * Times are milliseconds since the cache was created: V8 stores such small integers inline and larger numbers
 * on the heap.
 */
export interface Entry<V> {
  readonly value: V
  /** The cache's epoch when the lookup began. An entry of an earlier epoch is refreshed before use. */
  readonly epoch: number
  readonly freshUntil: number
  isVisited: boolean
  readonly key: string
  readonly version: number
  /** Time of the next refresh after a failed one. */
  retryAt: number
  failures: number
  newer: Entry<V> | null
  older: Entry<V> | null
}

/** The fields of an entry that a caller of {@link Memory.set} sets. */
export type Held<V> = Pick<Entry<V>, 'value' | 'version' | 'epoch' | 'freshUntil' | 'retryAt' | 'failures'>

export interface Memory<V> {
  readonly size: number
  /** Evictions since the start. */
  readonly evictions: number
  /** The entry of `key`; marks it as used. */
  get(key: string): Entry<V> | undefined
  /** The entry of `key`, without marking it as used. */
  peek(key: string): Entry<V> | undefined
  /** Sets `key`; evicts another entry when the map is full. An existing key keeps its position. */
  set(key: string, held: Held<V>): void
  delete(key: string): void
  /** All values. Values that are added or removed during the iteration may be included or not. */
  values(): IterableIterator<V>
}

/** Creates an empty in-process tier for up to `maxEntries` (1 or more) keys. */
export function createMemory<V>(maxEntries: number): Memory<V> {
  const entries = new Map<string, Entry<V>>()
  let newest: Entry<V> | null = null
  let oldest: Entry<V> | null = null
  /** Where the next search for an entry to evict starts; null for the oldest. */
  let hand: Entry<V> | null = null
  let evictions = 0

  function unlink(entry: Entry<V>): void {
    if (hand === entry) hand = entry.newer
    if (entry.newer === null) newest = entry.older
    else entry.newer.older = entry.older
    if (entry.older === null) oldest = entry.newer
    else entry.older.newer = entry.newer
    entries.delete(entry.key)
  }

  /** Walks from the hand towards newer entries and clears flags. Evicts the first entry without a flag. */
  function evictOne(): void {
    let entry = hand ?? oldest
    while (entry?.isVisited) {
      entry.isVisited = false
      entry = entry.newer ?? oldest
    }
    if (entry === null) return
    hand = entry
    unlink(entry)
    evictions++
  }

  function replace(former: Entry<V>, entry: Entry<V>): void {
    entry.isVisited = former.isVisited
    entry.newer = former.newer
    entry.older = former.older
    if (former.newer === null) newest = entry
    else former.newer.older = entry
    if (former.older === null) oldest = entry
    else former.older.newer = entry
    if (hand === former) hand = entry
  }

  return {
    get size() {
      return entries.size
    },
    get evictions() {
      return evictions
    },
    get(key) {
      const entry = entries.get(key)
      if (entry !== undefined && !entry.isVisited) entry.isVisited = true
      return entry
    },
    peek: (key) => entries.get(key),
    set(key, { value, version, epoch, freshUntil, retryAt, failures }) {
      const entry: Entry<V> = {
        value,
        epoch,
        freshUntil,
        isVisited: false,
        key,
        version,
        retryAt,
        failures,
        newer: null,
        older: null
      }
      const former = entries.get(key)
      if (former !== undefined) {
        replace(former, entry)
      } else {
        if (entries.size >= maxEntries) evictOne()
        entry.older = newest
        if (newest === null) oldest = entry
        else newest.newer = entry
        newest = entry
      }
      entries.set(key, entry)
    },
    delete(key) {
      const entry = entries.get(key)
      if (entry !== undefined) unlink(entry)
    },
    *values() {
      // Skips no entry: removed entries keep their `older` link, and new entries come before all others.
      for (let entry = newest; entry !== null; entry = entry.older) yield entry.value
    }
  }
}
