import type { Board } from '#ops/grafana/board.ts'

const REDIRECTS = 'fairlead_redirect_duration_seconds'
const API = 'http_request_duration_seconds'

/** Latency, traffic, errors and saturation (Google, "Site Reliability Engineering", chapter 6). */
export const goldenSignals: Board = {
  uid: 'fairlead-golden-signals',
  title: 'Fairlead: golden signals',
  description: 'Whether it serves, how fast, and how much room there is',
  panels: [
    {
      title: 'Traffic',
      description: 'Requests a second: redirects, and everything else',
      unit: 'reqps',
      queries: [
        {
          expr: `sum(rate(${REDIRECTS}_count{instance=~"$instance"}[$__rate_interval]))`,
          legend: 'redirects'
        },
        { expr: `sum(rate(${API}_count{instance=~"$instance"}[$__rate_interval]))`, legend: 'API' }
      ]
    },
    {
      title: 'Errors',
      description: 'Share of answers that are errors of ours (5xx). It should be nothing at all',
      unit: 'percentunit',
      bad: 0.001,
      runbook: 'redirects-fail',
      queries: [
        {
          expr: `(sum(rate(${REDIRECTS}_count{instance=~"$instance",status="503"}[$__rate_interval])) or vector(0)) / (sum(rate(${REDIRECTS}_count{instance=~"$instance"}[$__rate_interval])) > 0) or vector(0)`,
          legend: 'redirects'
        },
        {
          expr: `(sum(rate(${API}_count{instance=~"$instance",status_code=~"5.."}[$__rate_interval])) or vector(0)) / (sum(rate(${API}_count{instance=~"$instance"}[$__rate_interval])) > 0) or vector(0)`,
          legend: 'API'
        }
      ]
    },
    {
      title: 'Latency of redirects',
      description: 'From the handler to the answer. 99 of 100 are promised within 25 ms',
      unit: 's',
      bad: 0.025,
      runbook: 'redirects-slow',
      queries: ['0.5', '0.95', '0.99'].map((quantile) => ({
        expr: `histogram_quantile(${quantile}, sum by (le) (rate(${REDIRECTS}_bucket{instance=~"$instance"}[$__rate_interval])))`,
        legend: `p${Number(quantile) * 100}`
      }))
    },
    {
      title: 'Latency of the API',
      description: 'Everything but redirects; lists of thousands and imports take their time',
      unit: 's',
      bad: 1,
      runbook: 'api-slow',
      queries: ['0.5', '0.95', '0.99'].map((quantile) => ({
        expr: `histogram_quantile(${quantile}, sum by (le) (rate(${API}_bucket{instance=~"$instance"}[$__rate_interval])))`,
        legend: `p${Number(quantile) * 100}`
      }))
    },
    {
      title: 'Latency of the API by route',
      description: 'The five slowest routes, 95 of 100 requests',
      unit: 's',
      queries: [
        {
          expr: `topk(5, histogram_quantile(0.95, sum by (le, method, route) (rate(${API}_bucket{instance=~"$instance"}[$__rate_interval]))))`,
          legend: '{{method}} {{route}}'
        }
      ]
    },
    {
      title: 'Replicas',
      description: 'Servers that Prometheus reaches',
      unit: 'none',
      isNumber: true,
      bad: 2,
      isBadBelow: true,
      runbook: 'replica-down',
      queries: [{ expr: 'sum(up{job="fairlead"}) or vector(0)', legend: 'up' }]
    },
    {
      title: 'CPU',
      description: 'Cores in use by each process. Node has one for its event loop: near 1 it is full',
      unit: 'short',
      bad: 0.9,
      runbook: 'cpu-saturated',
      queries: [
        {
          expr: 'rate(process_cpu_seconds_total{job=~"fairlead.*",instance=~"$instance"}[$__rate_interval])',
          legend: '{{instance}}'
        }
      ]
    },
    {
      title: 'Delay of the event loop',
      description: 'How late timers are, 99 of 100. Above 100 ms every request waits',
      unit: 's',
      bad: 0.1,
      runbook: 'event-loop-blocked',
      queries: [
        {
          expr: 'nodejs_eventloop_lag_p99_seconds{job=~"fairlead.*",instance=~"$instance"}',
          legend: '{{instance}}'
        }
      ]
    },
    {
      title: 'Memory',
      description:
        'Resident memory of each process; with the limit of compose.yaml, an alert comes at 85 % of it',
      unit: 'bytes',
      bad: 0.85 * 384 * 1024 * 1024,
      runbook: 'memory-high',
      queries: [
        {
          expr: 'process_resident_memory_bytes{job=~"fairlead.*",instance=~"$instance"}',
          legend: '{{instance}}'
        }
      ]
    },
    {
      title: 'Garbage collection',
      description:
        'Share of its time that each process spends collecting. Above a tenth it has too little memory',
      unit: 'percentunit',
      bad: 0.1,
      runbook: 'memory-high',
      queries: [
        {
          expr: 'sum by (instance) (rate(nodejs_gc_duration_seconds_sum{job=~"fairlead.*",instance=~"$instance"}[$__rate_interval]))',
          legend: '{{instance}}'
        }
      ]
    },
    {
      title: 'Releases that run',
      description: 'Processes by version. Two at once is a deployment under way',
      unit: 'none',
      isNumber: true,
      queries: [{ expr: 'count by (version) (fairlead_build_info)', legend: '{{version}}' }]
    },
    {
      title: 'Restarts',
      description: 'Starts of each process within a quarter of an hour; more than two are a loop',
      unit: 'none',
      bad: 3,
      runbook: 'restart-loop',
      queries: [
        {
          expr: 'changes(process_start_time_seconds{job=~"fairlead.*",instance=~"$instance"}[15m])',
          legend: '{{instance}}'
        }
      ]
    }
  ]
}
