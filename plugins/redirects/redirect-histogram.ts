import type { FastifyInstance } from 'fastify'

/** Records one duration, in milliseconds. */
export interface Timer {
  observe(ms: number): void
}

/** The outcomes of a redirect, with their statuses. */
const STATUSES = { followed: 302, blocked: 403, unknown: 404, expired: 410, limited: 429, failed: 503 }

/** Upper bounds of the buckets, in milliseconds. */
const BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000]

/** One timer for each outcome of a redirect. */
export type RedirectHistogram = Record<keyof typeof STATUSES, Timer>

/** Creates the histogram of redirects in the app's registry, with a child for each status. */
export function createRedirectHistogram(app: FastifyInstance): RedirectHistogram {
  const { client } = app.metrics
  const histogram = new client.Histogram({
    name: 'fairlead_redirect_duration_seconds',
    help: 'Time from the handler to the answer of a redirect, by status',
    labelNames: ['status'],
    buckets: BOUNDS.map((ms) => ms / 1_000),
    registers: [client.register]
  })
  const timers = Object.entries(STATUSES).map(([outcome, status]) => {
    histogram.zero({ status: `${status}` })
    const child = histogram.labels({ status: `${status}` })
    return [outcome, { observe: (ms: number) => child.observe(ms / 1_000) }] as const
  })
  return Object.fromEntries(timers) as RedirectHistogram
}
