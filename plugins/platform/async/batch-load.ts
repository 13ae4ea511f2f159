import DataLoader from 'dataloader'
import { microBatch } from './micro-batch.ts'

/** Most keys of one lookup. */
const MAX_KEYS = 500

/**
 * Makes a function that looks up one key from `load`, which looks up many: all that are asked for in a few turns of the event
 * loop travel together ({@link gather}). A busy process so sends a few large lookups instead of one for each request (measured: a miss to
 * PostgreSQL costs half), a quiet one sends them as they come. `load` gives one value for each key, in their order; when
 * it rejects, all that asked are rejected with the same error.
 */
export function batchLoad<V>(load: (keys: readonly string[]) => Promise<V[]>): (key: string) => Promise<V> {
  let asked = 0
  const loader = new DataLoader<string, V>(load, {
    // Whoever asks twice asks twice: to remember and to join are for the cache above.
    cache: false,
    maxBatchSize: MAX_KEYS,
    batchScheduleFn(send) {
      microBatch(
        () => asked,
        () => {
          asked = 0
          send()
        }
      )
    }
  })
  return (key) => {
    asked++
    return loader.load(key)
  }
}
