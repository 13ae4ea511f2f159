import type { FastifyInstance } from 'fastify'

/** Something that takes one duration, in milliseconds. */
export interface Timer {
  observe(ms: number): void
}

/** One timer for each way a redirect may end. */
export interface RedirectHistogram {
  followed: Timer
  unknown: Timer
  blocked: Timer
  expired: Timer
  /** Who asks for too many unknown codes. */
  limited: Timer
  failed: Timer
}

const NAME = 'fairlead_redirect_duration_seconds'

/** Upper bounds of the buckets, in milliseconds. */
const BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000]

interface Counts extends Timer {
  /** Durations by bucket, the last for those above all bounds; not yet summed up as Prometheus wants them. */
  buckets: number[]
  sumMs: number
}

/**
 * Makes the histogram of redirects on the app's registry. The client library's own finds its labels and its bucket by
 * name on each observation, which is a tenth of what a redirect costs; this one counts in an array and is put into
 * words when Prometheus asks.
 */
export function createRedirectHistogram(app: FastifyInstance): RedirectHistogram {
  const statuses = [302, 403, 404, 410, 429, 503] as const
  const counts = Object.fromEntries(statuses.map((status) => [status, createCounts()])) as Record<
    (typeof statuses)[number],
    Counts
  >
  const metric = {
    name: NAME,
    help: 'Time from the handler to the answer of a redirect, by status',
    type: 'histogram',
    aggregator: 'sum',
    get: async () => ({
      ...metric,
      values: Object.entries(counts).flatMap(([status, one]) => presentCounts(status, one))
    })
  }
  const { register } = app.metrics.client
  // The registry asks no more of a metric than this; the type names the library's classes.
  register.registerMetric(metric as unknown as Parameters<typeof register.registerMetric>[0])
  return {
    followed: counts[302],
    blocked: counts[403],
    unknown: counts[404],
    expired: counts[410],
    limited: counts[429],
    failed: counts[503]
  }
}

function createCounts(): Counts {
  const counts: Counts = {
    buckets: new Array<number>(BOUNDS.length + 1).fill(0),
    sumMs: 0,
    observe(ms) {
      let at = 0
      while (at < BOUNDS.length && ms > (BOUNDS[at] ?? 0)) at++
      counts.buckets[at] = (counts.buckets[at] ?? 0) + 1
      counts.sumMs += ms
    }
  }
  return counts
}

/** The series of one status, buckets cumulated (Prometheus text format 0.0.4). */
function presentCounts(status: string, { buckets, sumMs }: Counts) {
  let total = 0
  const series = buckets.map((count, at) => {
    total += count
    const bound = BOUNDS[at]
    const le = bound === undefined ? '+Inf' : bound / 1_000
    return { metricName: `${NAME}_bucket`, labels: { le, status }, value: total }
  })
  return [
    ...series,
    { metricName: `${NAME}_sum`, labels: { status }, value: sumMs / 1_000 },
    { metricName: `${NAME}_count`, labels: { status }, value: total }
  ]
}
