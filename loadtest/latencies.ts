import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

/** Durations, to a microsecond or a thousandth of their length. autocannon's own are whole milliseconds. */
export interface Latencies {
  readonly histogram: RecordableHistogram
  readonly count: number
  readonly maxMs: number
  add(ms: number): void
  /** The duration that `share` (0 to 1) of all do not exceed, in milliseconds; 0 if there are none. */
  percentile(share: number): number
  /** Adds all durations of `other`. */
  merge(other: Latencies): void
}

/** Creates an empty collection over an HDR histogram of Node. */
export function createLatencies(): Latencies {
  const histogram = createHistogram({ lowest: 1, highest: 3_600_000_000, figures: 3 })
  const isEmpty = () => histogram.count === 0
  return {
    histogram,
    get count() {
      return histogram.count
    },
    get maxMs() {
      return isEmpty() ? 0 : histogram.max / 1_000
    },
    add: (ms) => histogram.record(Math.max(1, Math.round(ms * 1_000))),
    percentile: (share) => (isEmpty() ? 0 : histogram.percentile(Math.max(share, 0.000_01) * 100) / 1_000),
    merge: (other) => histogram.add(other.histogram)
  }
}
