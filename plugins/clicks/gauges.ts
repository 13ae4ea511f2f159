import type { FastifyInstance } from 'fastify'
import type { Backlog } from '#platform/queue/redis-stream.ts'

/** Exports click counts to Prometheus. The scrape reads them, so a click costs only an increment. */
export function showClicks(app: FastifyInstance): void {
  const { client } = app.metrics
  const registers = [client.register]

  new client.Counter({
    name: 'fairlead_clicks_total',
    help: 'Clicks by what became of them; added less lost is what must end up stored',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset()
      const { pending: _pending, ...counts } = app.clicks.stats()
      for (const [outcome, value] of Object.entries(counts)) this.inc({ outcome }, value)
    }
  })

  new client.Gauge({
    name: 'fairlead_clicks_pending',
    help: 'Clicks of this process that are in no stage yet',
    registers,
    collect() {
      this.set(app.clicks.stats().pending)
    }
  })

  let reading: Promise<Backlog | null> | null = null
  /** One query for both gauges: they are collected in the same tick. */
  function readBacklog(): Promise<Backlog | null> {
    reading ??= app.clicks
      .backlog()
      .catch(() => null)
      .finally(() => {
        reading = null
      })
    return reading
  }

  new client.Gauge({
    name: 'fairlead_clicks_lag_seconds',
    help: 'How long the oldest click that is not stored has waited, in the Redis stream or the local log; no value while Redis is away and the log is empty',
    registers,
    async collect() {
      const backlog = await readBacklog()
      const log = app.clicks.logBacklog()
      const logMs = log?.oldestMs ?? 0
      // The backlog of an unavailable stream is unknown.
      const isKnown = backlog !== null || logMs > 0 || (log !== null && !app.hasDecorator('redis'))
      if (!isKnown) return this.remove()
      this.set(Math.max(0, Date.now() - (backlog?.oldestAt ?? Date.now()), logMs) / 1_000)
    }
  })

  new client.Gauge({
    name: 'fairlead_clicks_stream_entries',
    help: 'Batches of clicks in the Redis stream that are not stored; no value while Redis is away',
    registers,
    async collect() {
      const backlog = await readBacklog()
      if (backlog === null) this.remove()
      else this.set(backlog.entries)
    }
  })

  new client.Gauge({
    name: 'fairlead_clicks_log_bytes',
    help: 'Bytes of clicks in the local log of this process that are not stored; no value where it has none',
    registers,
    collect() {
      const log = app.clicks.logBacklog()
      if (log === null) this.remove()
      else this.set(log.bytes)
    }
  })
}
