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
  /** Takes all of `other` in. */
  merge(other: Latencies): void
  /** Calls `visit` with each step's duration in milliseconds and how many there were, where there were any. */
  visit(visit: (ms: number, count: number) => void): void
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

  function put(ms: number, times: number): void {
    count += times
    const slot = Math.floor(ms * FINE_PER_MS)
    if (slot < FINE) fine[slot] = (fine[slot] ?? 0) + times
    else {
      const coarser = Math.min(Math.floor(ms), COARSE - 1)
      coarse[coarser] = (coarse[coarser] ?? 0) + times
    }
  }

  return {
    get count() {
      return count
    },
    get maxMs() {
      return maxMs
    },
    add(ms) {
      if (ms > maxMs) maxMs = ms
      put(ms, 1)
    },
    merge(other) {
      maxMs = Math.max(maxMs, other.maxMs)
      other.visit(put)
    },
    visit(visit) {
      // The middle of a step, so that it falls into the same step again.
      for (const [slot, times] of fine.entries()) if (times > 0) visit((slot + 0.5) / FINE_PER_MS, times)
      for (const [slot, times] of coarse.entries()) if (times > 0) visit(slot + 0.5, times)
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
