import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { repeat } from '#platform/async/repeat.ts'

/** `app.maintenance`: work that deletes expired data. */
export interface Maintenance {
  /**
   * Runs `work` with the time of the database, in milliseconds since the epoch, which is the same for all
   * replicas. Returns null without running it while the clock of this process differs by more than five
   * minutes, because one of the two is wrong. Throws the errors of `work` and of the driver.
   */
  run<T>(work: (now: number) => Promise<T>): Promise<T | null>
  /**
   * Runs `work` at the start, which waits for it, then every six hours and in the first minutes of each UTC
   * day. It runs again a minute later if it was refused, returned null or failed. Logs the dropped
   * partitions, and `failure` with the error of a failed run.
   */
  schedule(work: MaintenanceWork, failure: string): void
  /**
   * Runs `work` every `everyMs`, not at the start. Logs `failure` with the error of a failed run; the next
   * run deletes what it left. Returns a function that runs it now, which never throws.
   */
  repeat(everyMs: number, work: (now: number) => Promise<unknown>, failure: string): () => Promise<void>
}

/** Returns null if another replica is doing the work. */
export type MaintenanceWork = (now: number) => Promise<MaintenanceReport | null>

export interface MaintenanceReport {
  /** Names of the dropped partitions. */
  dropped: string[]
}

declare module 'fastify' {
  interface FastifyInstance {
    maintenance: Maintenance
  }
}

/** Clocks under NTP differ by milliseconds. */
const MOST_SKEW_MS = 5 * 60_000

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const RUN_EVERY_MINUTES = 360
/** One run per minute. By the database's clock the day may end five minutes later (MOST_SKEW_MS). */
const RUNS_AFTER_MIDNIGHT = 6

/** Registers `app.maintenance`: see docs/adr/2026-11-30-database-clock-for-maintenance.md. */
async function maintenance(app: FastifyInstance) {
  const { client } = app.metrics
  const registers = [client.register]
  const skew = new client.Gauge({
    name: 'fairlead_clock_skew_seconds',
    help: 'How far the clock of this process is ahead of that of the database',
    registers
  })
  const refused = new client.Counter({
    name: 'fairlead_maintenance_refused_total',
    help: 'Runs of maintenance that were refused because the clocks differ',
    registers
  })
  const lastRun = new client.Gauge({
    name: 'fairlead_maintenance_last_run_timestamp_seconds',
    help: 'When this process last completed maintenance, by the clock of the database; 0 before',
    registers
  })
  let isRefused = false

  async function run<T>(work: (now: number) => Promise<T>): Promise<T | null> {
    const { rows } = await app.database.pool.query<{ now: string }>(
      'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now'
    )
    const now = Number(rows[0]?.now)
    const skewMs = Date.now() - now
    skew.set(skewMs / 1_000)
    const wasRefused = isRefused
    isRefused = !(Math.abs(skewMs) <= MOST_SKEW_MS)
    if (!isRefused) {
      const done = await work(now)
      lastRun.set(now / 1_000)
      return done
    }
    refused.inc()
    if (!wasRefused)
      app.log.warn({ skewMs }, 'maintenance refused because process and database clocks differ; correct them')
    return null
  }

  app.decorate('maintenance', {
    run,

    schedule(work, failure) {
      const plan = createPlan()
      async function runIfDue(): Promise<void> {
        if (!plan.isDue()) return
        try {
          const report = await run(work)
          if (report !== null) plan.markDone()
          if (report !== null && report.dropped.length > 0) app.log.info(report, 'expired partitions dropped')
        } catch (error) {
          // The database is unavailable or locked. The next minute is early enough, since partitions exist in
          // advance.
          app.log.warn({ err: error }, failure)
        }
      }
      app.addHook('onReady', repeat(app, MINUTE_MS, runIfDue))
    },

    repeat: (everyMs, work, failure) =>
      repeat(app, everyMs, () =>
        run(work).then(
          () => undefined,
          (error) => app.log.warn({ err: error }, failure)
        )
      )
  })
}

/** Plans runs for a caller that asks every minute. */
function createPlan() {
  const today = () => Math.floor(Date.now() / DAY_MS)
  let minutes = 0
  let day = today()
  let runsDue = 0
  return {
    isDue() {
      if (minutes++ % RUN_EVERY_MINUTES === 0) runsDue = Math.max(runsDue, 1)
      if (today() !== day) {
        day = today()
        runsDue = RUNS_AFTER_MIDNIGHT
      }
      return runsDue > 0
    },
    markDone() {
      runsDue--
    }
  }
}

export default fp(maintenance, { name: 'maintenance', dependencies: ['metrics', 'database'], fastify: '5.x' })
