import type { Board } from '#ops/grafana/board.ts'

/** PostgreSQL, Redis and nginx, from their exporters. */
export const stores: Board = {
  uid: 'fairlead-stores',
  title: 'Fairlead: PostgreSQL, Redis, nginx',
  description: 'PostgreSQL, Redis and nginx around the replicas',
  panels: [
    {
      title: 'Connections of PostgreSQL',
      description: 'In use, of those that it allows',
      unit: 'percentunit',
      bad: 0.85,
      runbook: 'postgres-connections-high',
      queries: [{ expr: 'sum(pg_stat_activity_count) / max(pg_settings_max_connections)', legend: 'in use' }]
    },
    {
      title: 'Pools of the replicas',
      description:
        'Connections at work, and requests that wait for one: those should be gone within a minute',
      unit: 'short',
      runbook: 'pool-exhausted',
      queries: [
        { expr: 'sum(fairlead_database_connections{instance=~"$instance",state="busy"})', legend: 'busy' },
        {
          expr: 'sum(fairlead_database_connections{instance=~"$instance",state="waiting"})',
          legend: 'waiting'
        }
      ]
    },
    {
      title: 'Transactions',
      description: 'Committed and rolled back, a second',
      unit: 'ops',
      queries: [
        { expr: 'sum(rate(pg_stat_database_xact_commit[$__rate_interval]))', legend: 'committed' },
        { expr: 'sum(rate(pg_stat_database_xact_rollback[$__rate_interval]))', legend: 'rolled back' }
      ]
    },
    {
      title: 'Size of the databases',
      description: 'On disk; most of it is events, which retention drops by the month',
      unit: 'bytes',
      runbook: 'disk-filling',
      queries: [{ expr: 'sum(pg_database_size_bytes)', legend: 'bytes' }]
    },
    {
      title: 'Found in memory by PostgreSQL',
      description:
        'Share of blocks that needed no read. Low means that shared_buffers is small for the traffic',
      unit: 'percentunit',
      bad: 0.9,
      isBadBelow: true,
      queries: [
        {
          expr: 'sum(rate(pg_stat_database_blks_hit[$__rate_interval])) / (sum(rate(pg_stat_database_blks_hit[$__rate_interval]) + rate(pg_stat_database_blks_read[$__rate_interval])) > 0) or vector(1)',
          legend: 'hits'
        }
      ]
    },
    {
      title: 'Commands of Redis',
      description: 'A second; one append holds the clicks of many redirects',
      unit: 'ops',
      queries: [{ expr: 'sum(rate(redis_commands_processed_total[$__rate_interval]))', legend: 'commands' }]
    },
    {
      title: 'Memory of Redis',
      description: 'Cached links make room by themselves; clicks that wait do not',
      unit: 'bytes',
      runbook: 'redis-memory-high',
      queries: [{ expr: 'sum(redis_memory_used_bytes)', legend: 'used' }]
    },
    {
      title: 'Requests at nginx',
      description: 'A second, what it answered itself included',
      unit: 'reqps',
      queries: [{ expr: 'sum(rate(nginx_http_requests_total[$__rate_interval]))', legend: 'requests' }]
    },
    {
      title: 'Connections at nginx',
      description: 'Clients by what they do',
      unit: 'short',
      queries: ['active', 'waiting', 'writing'].map((state) => ({
        expr: `sum(nginx_connections_${state})`,
        legend: state
      }))
    }
  ]
}
