import type { Board } from '#ops/grafana/board.ts'

const CACHE = 'fairlead_cache_events_total'

/** From a code to its answer: hits and misses of the cache tiers. */
export const redirectPath: Board = {
  uid: 'fairlead-redirect-path',
  title: 'Fairlead: redirect path',
  description: 'Results of redirects, and look-ups by tier: process, Redis or PostgreSQL',
  panels: [
    {
      title: 'Redirects by result',
      description: '302 led on; 404 and 410 led nowhere; 503 could not be looked up or recorded',
      unit: 'reqps',
      queries: [
        {
          expr: 'sum by (status) (rate(fairlead_redirect_duration_seconds_count{instance=~"$instance"}[$__rate_interval]))',
          legend: '{{status}}'
        }
      ]
    },
    {
      title: 'Look-ups by tier',
      description:
        'Look-ups answered by this process (hits, and stale during a refresh), Redis, or PostgreSQL (loads)',
      unit: 'reqps',
      queries: [
        {
          expr: `sum by (event) (rate(${CACHE}{instance=~"$instance",event=~"hits|stale|negatives|redisHits|loads"}[$__rate_interval]))`,
          legend: '{{event}}'
        }
      ]
    },
    {
      title: 'Answered in process',
      description: 'Share of look-ups answered in process',
      unit: 'percentunit',
      bad: 0.8,
      isBadBelow: true,
      queries: [
        {
          expr: `sum(rate(${CACHE}{instance=~"$instance",event=~"hits|stale|negatives"}[$__rate_interval])) / (sum(rate(${CACHE}{instance=~"$instance",event=~"hits|stale|negatives|redisHits|loads"}[$__rate_interval])) > 0) or vector(1)`,
          legend: 'in process'
        }
      ]
    },
    {
      title: 'Look-ups that failed',
      description: 'PostgreSQL did not answer in time: what is held is used on, what is not is 503',
      unit: 'reqps',
      bad: 0.1,
      runbook: 'postgres-down',
      queries: [
        {
          expr: `sum(rate(${CACHE}{instance=~"$instance",event="failures"}[$__rate_interval]))`,
          legend: 'failures'
        }
      ]
    },
    {
      title: 'Links held',
      description: 'Entries in each process; CACHE_ENTRIES is the most',
      unit: 'short',
      queries: [
        { expr: 'fairlead_cache_entries{instance=~"$instance",cache="links"}', legend: '{{instance}}' }
      ]
    },
    {
      title: 'Evictions',
      description: 'Links that left to make room: many mean that CACHE_ENTRIES is small for the traffic',
      unit: 'reqps',
      queries: [
        {
          expr: `sum by (instance) (rate(${CACHE}{instance=~"$instance",event="evictions"}[$__rate_interval]))`,
          legend: '{{instance}}'
        }
      ]
    }
  ]
}
