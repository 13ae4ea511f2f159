import { safeFetch } from '#platform/net/safe-fetch.ts'
import type { System } from '#schema/shapes/system.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { Sample } from './figures.ts'
import { METRICS, runbook, SLO_RUNBOOKS } from './groups.ts'

/** Figures of all processes from Prometheus (its HTTP API, "Expression queries" and "Alerts"). */

export interface Overview {
  samples: Sample[]
  replicas: System['replicas']['known']
  slos: NonNullable<System['slos']>
  alerts: NonNullable<System['alerts']>
}

/** Timeout of each query. They run side by side. */
const TIMEOUT_MS = 2_000
/** Some 50,000 samples. */
const MAX_BYTES = 16 * 1_048_576

/** The jobs of servers and workers: ops/prometheus/prometheus.yml. */
const JOBS = 'job=~"fairlead.*"'
const OWN = `{__name__=~"up|process_start_time_seconds|fairlead_build_info|${METRICS.join('|')}",${JOBS}}`
const BACKUPS = 'max_over_time(fairlead_backup_last_success_timestamp_seconds[7d])'
const SLOS = '{__name__=~"slo:(objective|error_ratio:rate30d|error_budget_remaining:ratio)"}'

/** Reads everything, or throws if Prometheus does not answer in time. */
export async function readPrometheus(url: string): Promise<Overview> {
  const [own, backups, slos, alerts] = await Promise.all([
    readSamples(url, OWN),
    readSamples(url, BACKUPS),
    readSamples(url, SLOS),
    readAlerts(url)
  ])
  const named = backups.map((sample) => ({
    ...sample,
    name: 'fairlead_backup_last_success_timestamp_seconds'
  }))
  return { samples: [...own, ...named], replicas: listReplicas(own), slos: listSlos(slos), alerts }
}

interface Result {
  metric: Record<string, string>
  value: [seconds: number, value: string]
}

async function readSamples(url: string, query: string): Promise<Sample[]> {
  const { result } = (await ask(`${url}/api/v1/query?${new URLSearchParams({ query })}`)) as {
    result: Result[]
  }
  return result.map(({ metric: { __name__: name = '', ...labels }, value }) => ({
    name,
    labels,
    value: Number(value[1])
  }))
}

interface Alert {
  labels: Record<string, string>
  annotations: Record<string, string>
  state: string
  activeAt: string
}

async function readAlerts(url: string): Promise<Overview['alerts']> {
  const { alerts } = (await ask(`${url}/api/v1/alerts`)) as { alerts: Alert[] }
  return alerts
    .filter(({ state, labels }) => state === 'firing' && labels['severity'] !== 'none')
    .map(({ labels: { alertname = '', severity = null, ...labels }, annotations, activeAt }) => ({
      name: alertname,
      severity,
      since: wireTime(new Date(activeAt)),
      labels,
      summary: annotations['summary'] ?? null,
      runbook: annotations['runbook_url'] ?? null
    }))
}

/**
 * Returns `data` of an answer. The operator names the server, so it may be in a private network; redirects
 * are not followed.
 */
async function ask(url: string): Promise<unknown> {
  const { status, body } = await safeFetch(url, {
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    maxRedirects: 0,
    accept: 'application/json',
    permits: () => true
  })
  if (status !== 200) throw new Error(`it answers ${status}`)
  return (JSON.parse(body.toString()) as { data: unknown }).data
}

function listReplicas(samples: readonly Sample[]): Overview['replicas'] {
  const idOf = ({ labels: { job, instance } }: Sample) => `${job} ${instance}`
  const named = (name: string) =>
    new Map(samples.filter((sample) => sample.name === name).map((sample) => [idOf(sample), sample]))
  const [builds, starts] = [named('fairlead_build_info'), named('process_start_time_seconds')]
  return [...named('up')]
    .map(([id, { labels, value }]) => {
      const start = starts.get(id)?.value
      return {
        instance: labels['instance'] ?? '',
        job: labels['job'] ?? '',
        is_up: value === 1,
        version: builds.get(id)?.labels['version'] ?? null,
        node: builds.get(id)?.labels['node'] ?? null,
        uptime_seconds: start === undefined ? null : Math.max(0, Math.round(Date.now() / 1_000 - start))
      }
    })
    .sort((a, b) => `${a.job} ${a.instance}`.localeCompare(`${b.job} ${b.instance}`))
}

function listSlos(samples: readonly Sample[]): Overview['slos'] {
  return [...Map.groupBy(samples, ({ labels }) => labels['slo'] ?? '')].map(([slo, ones]) => {
    const read = (name: string) =>
      ones.find((one) => one.name === name && Number.isFinite(one.value))?.value ?? null
    return {
      name: slo,
      objective: read('slo:objective'),
      error_ratio_30d: read('slo:error_ratio:rate30d'),
      budget_remaining: read('slo:error_budget_remaining:ratio'),
      runbook: SLO_RUNBOOKS[slo] ?? runbook('README')
    }
  })
}
