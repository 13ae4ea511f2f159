/** What `GET /api/system` shows: metrics by subject, each subject with its runbook. */

const RUNBOOKS = 'https://github.com/fairlead/fairlead/blob/main/ops/runbooks'

export const runbook = (name: string) => `${RUNBOOKS}/${name}.md`

export interface Metric {
  name: string
  /** How the values of several processes make one. */
  combined: 'sum' | 'min' | 'max'
  /** The labels that are kept. */
  by?: readonly string[]
  /** Restricts the metric to samples with these labels. */
  where?: Readonly<Record<string, string>>
}

interface Group {
  name: string
  runbook: string
  metrics: readonly Metric[]
}

const sum = (name: string, ...by: string[]): Metric => ({ name, combined: 'sum', by })
const max = (name: string, ...by: string[]): Metric => ({ name, combined: 'max', by })
const min = (name: string): Metric => ({ name, combined: 'min' })

/**
 * The subjects. A metric of another job than the servers and workers begins with `fairlead_`, because
 * Prometheus has `process_…` and `nodejs_…` of other programs too.
 */
export const GROUPS: readonly Group[] = [
  {
    // `hits` are in process, `redisHits` in Redis and `loads` in the database.
    name: 'caches',
    runbook: runbook('redirects-slow'),
    metrics: [
      sum('fairlead_cache_events_total', 'cache', 'event'),
      sum('fairlead_cache_entries', 'cache'),
      sum('fairlead_cache_entries_max', 'cache')
    ]
  },
  {
    name: 'clicks',
    runbook: runbook('clicks-late'),
    metrics: [
      max('fairlead_clicks_lag_seconds'),
      max('fairlead_clicks_stream_entries'),
      sum('fairlead_clicks_pending'),
      sum('fairlead_clicks_total', 'outcome')
    ]
  },
  {
    name: 'local_log',
    runbook: runbook('clicks-spooled'),
    metrics: [
      sum('fairlead_clicks_log_bytes'),
      { ...sum('fairlead_clicks_total', 'outcome'), where: { outcome: 'spooled' } }
    ]
  },
  {
    name: 'dead_letters',
    runbook: runbook('clicks-dead-lettered'),
    metrics: [{ ...sum('fairlead_clicks_total', 'outcome'), where: { outcome: 'deadLettered' } }]
  },
  {
    name: 'database',
    runbook: runbook('pool-exhausted'),
    metrics: [sum('fairlead_database_connections', 'state'), max('fairlead_database_standby_used')]
  },
  {
    name: 'redis',
    runbook: runbook('redis-disconnected'),
    metrics: [min('fairlead_redis_connected'), max('fairlead_redis_evicts')]
  },
  {
    // All processes count the same rows.
    name: 'outbox',
    runbook: runbook('outbox-late'),
    metrics: [
      max('fairlead_outbox_messages', 'topic', 'state'),
      max('fairlead_outbox_oldest_seconds', 'topic'),
      sum('fairlead_outbox_total', 'topic', 'outcome')
    ]
  },
  {
    name: 'maintenance',
    runbook: runbook('disk-filling'),
    metrics: [
      max('fairlead_maintenance_last_run_timestamp_seconds'),
      sum('fairlead_maintenance_refused_total'),
      max('fairlead_clock_skew_seconds')
    ]
  },
  {
    name: 'load',
    runbook: runbook('load-shed'),
    metrics: [
      max('fairlead_under_pressure'),
      sum('fairlead_requests_shed_total'),
      sum('fairlead_rate_limited_total', 'limit'),
      max('nodejs_eventloop_lag_p99_seconds')
    ]
  },
  {
    name: 'memory',
    runbook: runbook('memory-high'),
    metrics: [max('process_resident_memory_bytes'), max('fairlead_memory_limit_bytes')]
  },
  {
    // Only Prometheus knows: the scripts write it for node_exporter.
    name: 'backups',
    runbook: runbook('backup-stale'),
    metrics: [max('fairlead_backup_last_success_timestamp_seconds', 'kind')]
  }
]

/** The names of all metrics in {@link GROUPS}, each once. */
export const METRICS: readonly string[] = [
  ...new Set(GROUPS.flatMap(({ metrics }) => metrics.map(({ name }) => name)))
]

/** The runbook of each objective in ops/slo.yaml. */
export const SLO_RUNBOOKS: Readonly<Record<string, string>> = {
  'redirect-availability': runbook('redirects-fail'),
  'redirect-latency': runbook('redirects-slow'),
  'click-durability': runbook('clicks-lost')
}
