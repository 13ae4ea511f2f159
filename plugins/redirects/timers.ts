import type { FastifyInstance } from 'fastify'

/** Something that takes one duration, in seconds. */
export interface Timer {
  observe(seconds: number): void
}

/** One timer for each way a redirect may end. */
export interface Timers {
  followed: Timer
  unknown: Timer
  expired: Timer
  failed: Timer
}

/**
 * Makes the histogram of redirects on the app's registry. Its children are looked up once, because finding one by its
 * label costs more than counting in it.
 */
export function createTimers(app: FastifyInstance): Timers {
  const { client } = app.metrics
  const histogram = new client.Histogram({
    name: 'fairlead_redirect_duration_seconds',
    help: 'Time from the handler to the answer of a redirect, by status',
    labelNames: ['status'],
    buckets: [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers: [client.register]
  })
  return {
    followed: histogram.labels('302'),
    unknown: histogram.labels('404'),
    expired: histogram.labels('410'),
    failed: histogram.labels('503')
  }
}
