/**
 * The in-process tier: a bounded map from keys to values that are ready to use. It evicts by SIEVE (Zhang et al.,
 * NSDI '24) instead of strict LRU: a hit sets one flag and moves nothing, and a key that is asked for once, as by a
 * crawler that walks through all codes, leaves before any key that was asked for again.
 */

/**
 * One held key. A hit costs what fetching it from memory costs, so what a hit needs comes first, and the times are small
 * integers (milliseconds since the cache was made), which V8 keeps in place; greater numbers it would keep elsewhere.
 */
export interface Entry<V> {
  readonly value: V
  /** The cache's trust epoch when it was looked up: an entry of an earlier epoch is asked for again before use. */
  readonly epoch: number
  readonly freshUntil: number
  isVisited: boolean
  readonly key: string
  readonly version: number
  /** No refresh is tried before: set when one failed. */
  retryAt: number
  failures: number
  newer: Entry<V> | null
  older: Entry<V> | null
}

/** What a caller of {@link Memory.set} decides about an entry. */
export type Held<V> = Pick<Entry<V>, 'value' | 'version' | 'epoch' | 'freshUntil' | 'retryAt' | 'failures'>

export interface Memory<V> {
  readonly size: number
  /** Entries that left to make room, since the start. */
  readonly evictions: number
  /** The entry of `key`, which counts as used. */
  get(key: string): Entry<V> | undefined
  /** The same without counting as used. */
  peek(key: string): Entry<V> | undefined
  /** Holds `key`, evicting another entry when all room is taken. A key that is held keeps its place. */
  set(key: string, held: Held<V>): void
  delete(key: string): void
  /** All values; those that enter or leave meanwhile may be among them or not. */
  values(): IterableIterator<V>
}

/** Makes an empty in-process tier for up to `maxEntries` (1 or more) keys. */
export function createMemory<V>(maxEntries: number): Memory<V> {
  const entries = new Map<string, Entry<V>>()
  let newest: Entry<V> | null = null
  let oldest: Entry<V> | null = null
  /** Where the next search for an entry to evict begins; null for the oldest. */
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

  /** Walks from the hand towards newer entries, clearing flags, to the first that was not used since the last walk. */
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
      // None is skipped: who leaves still knows who was older, and who enters stands before all.
      for (let entry = newest; entry !== null; entry = entry.older) yield entry.value
    }
  }
}
