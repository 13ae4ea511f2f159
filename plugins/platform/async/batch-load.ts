import { microBatch } from './micro-batch.ts'

/** Maximum number of keys per lookup. */
const MAX_KEYS = 500

interface Asked<V> {
  key: string
  done(value: V): void
  fail(error: unknown): void
}

/**
 * Makes a function that looks up one key through `load`, which looks up many. Keys of a few event-loop ticks
 * share one call of `load` ({@link microBatch}). A busy process then sends a few large lookups instead of one
 * per request; a measured cache miss to PostgreSQL costs half. An idle process sends each lookup at once.
 * Equal keys are not merged: the cache above does that.
 *
 * `load` returns one value per key, in the order of the keys. When it rejects, all of its keys reject.
 */
export function batchLoad<V>(load: (keys: readonly string[]) => Promise<V[]>): (key: string) => Promise<V> {
  let waiting: Asked<V>[] = []

  async function send(batch: Asked<V>[]): Promise<void> {
    try {
      const values = await load(batch.map(({ key }) => key))
      for (const [at, { done }] of batch.entries()) done(values[at] as V)
    } catch (error) {
      for (const { fail } of batch) fail(error)
    }
  }

  function sendAll(): void {
    const all = waiting
    waiting = []
    for (let start = 0; start < all.length; start += MAX_KEYS) void send(all.slice(start, start + MAX_KEYS))
  }

  return (key) =>
    new Promise((done, fail) => {
      waiting.push({ key, done, fail })
      if (waiting.length === 1) microBatch(() => waiting.length, sendAll)
    })
}
