import { LRUCache } from 'lru-cache'

/** Maps whose keys come from clients. Each has a maximum size, and metrics report its use. */

export interface Fullness {
  size: number
  max: number
}

const opened = new Map<string, LRUCache<string, NonNullable<unknown>>>()

/**
 * Makes a map of up to `max` entries that evicts the least recently used entry. `name` is its label in
 * metrics. When two maps of a process share a name, metrics report the newer one.
 */
export function createBoundedCache<V extends NonNullable<unknown>>(
  name: string,
  max: number
): LRUCache<string, V> {
  const cache = new LRUCache<string, V>({ max })
  opened.set(name, cache as unknown as LRUCache<string, NonNullable<unknown>>)
  return cache
}

/** Size and limit of each map in this process, by name. */
export function boundedCaches(): Record<string, Fullness> {
  return Object.fromEntries([...opened].map(([name, { size, max }]) => [name, { size, max }]))
}
