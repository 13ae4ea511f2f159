import { microBatch } from './micro-batch.ts'

/** Most keys of one lookup. */
const MAX_KEYS = 500

interface Asked<V> {
  key: string
  done(value: V): void
  fail(error: unknown): void
}

/**
 * Makes a function that looks up one key by `load`, which looks up many: keys of a few event-loop ticks travel
 * together ({@link microBatch}). A busy process sends a few large lookups instead of one for each request (measured:
 * a miss to PostgreSQL costs half), a quiet one sends each as it comes. Equal keys are not joined: the cache above
 * does that. `load` gives one value for each key, in their order; when it rejects, all of its keys reject.
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
