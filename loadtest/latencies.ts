/**
 * A histogram of durations in steps of 10 µs up to a second, and 1 ms up to a minute. autocannon's own counts whole
 * milliseconds, which is too coarse for a redirect.
 */
export interface Latencies {
  readonly count: number
  readonly maxMs: number
  add(ms: number): void
  /** The duration that `share` (0 to 1) of all were not longer than, in milliseconds; 0 when there is none. */
  percentile(share: number): number
}

const FINE_PER_MS = 100
const FINE = 1_000 * FINE_PER_MS
const COARSE = 60_000

/** Makes an empty histogram. */
export function createLatencies(): Latencies {
  const fine = new Uint32Array(FINE)
  const coarse = new Uint32Array(COARSE)
  let count = 0
  let maxMs = 0
  return {
    get count() {
      return count
    },
    get maxMs() {
      return maxMs
    },
    add(ms) {
      count++
      if (ms > maxMs) maxMs = ms
      const slot = Math.floor(ms * FINE_PER_MS)
      if (slot < FINE) fine[slot] = (fine[slot] ?? 0) + 1
      else {
        const second = Math.min(Math.floor(ms), COARSE - 1)
        coarse[second] = (coarse[second] ?? 0) + 1
      }
    },
    percentile(share) {
      let left = Math.ceil(count * share)
      for (let slot = 0; slot < FINE; slot++) {
        left -= fine[slot] ?? 0
        if (left <= 0) return Math.min((slot + 1) / FINE_PER_MS, maxMs)
      }
      for (let slot = 0; slot < COARSE; slot++) {
        left -= coarse[slot] ?? 0
        if (left <= 0) return Math.min(slot + 1, maxMs)
      }
      return maxMs
    }
  }
}
