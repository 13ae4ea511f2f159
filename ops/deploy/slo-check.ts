import { setTimeout as wait } from 'node:timers/promises'
import { type PrometheusServer, readNow } from '#ops/prometheus/query.ts'
import { readPromises } from '#ops/prometheus/rule-files.ts'
import { budget, FAST_BURN, ratioOf } from '#ops/prometheus/slo-rules.ts'

/** Checks with Prometheus whether a release keeps the promises of ops/slo.yaml. */

export interface CheckOptions extends PrometheusServer {
  /** How long to watch. */
  seconds: number
  /** Replicas that must answer. */
  replicas: number
  /** With fewer redirects than these the result is unknown, and the check fails. */
  leastRedirects: number
  /**
   * For a release that fixes an incident: checks only at the end and only the last minutes. It ignores
   * alerts, which look back longer.
   */
  duringIncident?: boolean
  /** The shortest window: four scrapes or more. */
  floorS?: number
  /** Time between checks. */
  everyMs?: number
  onLook?: (findings: Finding[]) => void
}

/** One query and its result. */
export interface Finding {
  name: string
  /** Null if nothing was measured, which is a bad result. */
  value: number | null
  /** The limit, in words. */
  limit: string
  isGood: boolean
}

/** Thrown by {@link checkRelease}; `message` has one line for each bad finding. */
export class PromisesBroken extends Error {
  override readonly name = 'PromisesBroken'
}

/** A single bad check may be an accident; this many in a row are not. */
const BAD_LOOKS = 3
const LONGEST_WINDOW_S = 300

/**
 * Checks repeatedly for `seconds`. Resolves at the end when all is well. Throws {@link PromisesBroken} after
 * three bad checks in a row, or at the end when there is too little traffic.
 */
export async function checkRelease(options: CheckOptions): Promise<Finding[]> {
  const { seconds, duringIncident = false, floorS = 60, everyMs = 5_000, onLook = () => undefined } = options
  const longestS = duringIncident ? 2 * floorS : LONGEST_WINDOW_S
  const start = performance.now()
  for (let bad = 0; ; await wait(everyMs)) {
    const elapsedS = (performance.now() - start) / 1_000
    const windowS = Math.ceil(Math.min(Math.max(elapsedS, floorS), longestS))
    // One failed query of Prometheus is no reason to roll back; repeated failures are.
    const findings = await look(options, windowS).catch(({ message }: Error): Finding[] => [
      { name: 'Prometheus', value: null, limit: message, isGood: false }
    ])
    onLook(findings)
    const isOver = elapsedS >= seconds
    if (duringIncident && !isOver) continue
    // Traffic takes a while to arrive.
    const failed = findings.filter(({ name, isGood }) => !isGood && (isOver || name !== 'redirects'))
    bad = failed.length > 0 ? bad + 1 : 0
    if (bad >= BAD_LOOKS || (isOver && findings.some(({ name, isGood }) => name === 'redirects' && !isGood)))
      throw new PromisesBroken(failed.map(formatCheck).join('\n'))
    if (isOver && bad === 0) return findings
  }
}

/** Checks the last `windowS` seconds once. Throws if Prometheus does not answer. */
export async function look(options: CheckOptions, windowS: number): Promise<Finding[]> {
  const window = `${windowS}s`
  const findings = [
    ask(
      'replicas',
      'count(up{job="fairlead"} == 1)',
      `${options.replicas} or more`,
      (value) => value >= options.replicas
    ),
    ask(
      'redirects',
      `sum(increase(fairlead_redirect_duration_seconds_count[${window}]))`,
      `${options.leastRedirects} or more`,
      (value) => value >= options.leastRedirects
    ),
    ...readPromises().slos.map((slo) => {
      const most = Number((FAST_BURN * budget(slo.objective)).toPrecision(6))
      return ask(slo.name, ratioOf(slo, window), `${most} or less`, (value) => value <= most)
    }),
    ask('API errors', apiErrors(window), '0.01 or less', (value) => value <= 0.01),
    ...(options.duringIncident ? [] : [ask('alerts that page', PAGES, 'none', (value) => value === 0)])
  ]
  return Promise.all(findings)

  async function ask(
    name: string,
    expression: string,
    limit: string,
    check: (value: number) => boolean
  ): Promise<Finding> {
    const [series] = await readNow(options, expression)
    const value = series?.points[0]?.[1] ?? Number.NaN
    // A ratio without events is not a number.
    return { name, value: Number.isNaN(value) ? null : value, limit, isGood: check(value) }
  }
}

const PAGES = 'count(ALERTS{alertstate="firing",severity="page"}) or vector(0)'

/** The share of server errors, as in the alert ApiErrors; 0 without requests. */
function apiErrors(window: string): string {
  const count = (more: string) =>
    `sum(rate(http_request_duration_seconds_count{job="fairlead",route!~"/health.*"${more}}[${window}]))`
  return `(${count(',status_code=~"5.."')} / (${count('')} > 0)) or vector(0)`
}

/** Formats a finding as a line of text. */
export function formatCheck({ name, value, limit, isGood }: Finding): string {
  const shown = value === null ? 'not measured' : Number(value.toPrecision(4))
  return `${isGood ? 'good' : 'bad'}: ${name} ${shown} (${limit})`
}
