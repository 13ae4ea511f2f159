import { LRUCache } from 'lru-cache'

/** Maps of this process whose keys come from clients: each has a bound, and metrics show how full it is. */

export interface Fullness {
  size: number
  max: number
}

const opened = new Map<string, LRUCache<string, NonNullable<unknown>>>()

/**
 * Makes a map of up to `max` keys, of which the one that was used longest ago leaves first. `name` is its label in metrics; of two with
 * one name in a process the newer one is shown.
 */
export function createBoundedCache<V extends NonNullable<unknown>>(
  name: string,
  max: number
): LRUCache<string, V> {
  const cache = new LRUCache<string, V>({ max })
  opened.set(name, cache as unknown as LRUCache<string, NonNullable<unknown>>)
  return cache
}

/** How full the maps of this process are, by name. */
export function boundedCaches(): Record<string, Fullness> {
  return Object.fromEntries([...opened].map(([name, { size, max }]) => [name, { size, max }]))
}
