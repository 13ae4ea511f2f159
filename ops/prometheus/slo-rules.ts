/** Makes Prometheus' rules from the promises in ops/slo.yaml, after chapter 5 of Google's SRE workbook. */

export interface Slo {
  name: string
  title: string
  /** The share that must be good. */
  objective: number
  /** PromQL of the bad requests, and of all requests, over `$window`. */
  bad: string
  all: string
  /** The alert on its budget, and its text; none for an objective of 1. */
  alert?: string
  broken?: string
}

export interface Promises {
  /** The period of the budget. */
  period: string
  slos: Slo[]
}

export interface Rule {
  record?: string
  alert?: string
  expr: string
  for?: string
  labels: Record<string, string>
  annotations?: Record<string, string>
}

export interface Group {
  name: string
  interval: string
  rules: Rule[]
}

/** Rules with short windows run often; long windows read many samples and change slowly. */
const SHORT = ['5m', '30m', '1h']
const LONG = ['2h', '6h', '1d', '3d']

/** At this rate a month's budget lasts for two days. It pages an operator and rolls a release back. */
export const FAST_BURN = 14.4

/** Burn rates over a long and a short window, with their severity. */
const BURNS = [
  { severity: 'page', pairs: [burn(FAST_BURN, '1h', '5m'), burn(6, '6h', '30m')] },
  { severity: 'ticket', pairs: [burn(3, '1d', '2h'), burn(1, '3d', '6h')] }
]

function burn(factor: number, long: string, short: string) {
  return { factor, long, short }
}

/** The groups of rules for all promises. */
export function makeGroups({ period, slos }: Promises): Group[] {
  return [
    { name: 'slo-short', interval: '15s', rules: ratios(slos, SHORT) },
    { name: 'slo-long', interval: '1m', rules: ratios(slos, LONG) },
    {
      name: 'slo-budget',
      interval: '5m',
      rules: [...ratios(slos, [period]), ...slos.flatMap(budgetOf(period))]
    },
    { name: 'slo-alerts', interval: '15s', rules: slos.flatMap(alertsOf) }
  ]
}

function ratios(slos: readonly Slo[], windows: readonly string[]): Rule[] {
  return windows.flatMap((window) =>
    slos.map((slo) => ({
      record: `slo:error_ratio:rate${window}`,
      expr: ratioOf(slo, window),
      labels: { slo: slo.name }
    }))
  )
}

/**
 * PromQL of the bad share within `window`. Without requests it is 0, not a division by zero. Without
 * measurements it is empty.
 */
export function ratioOf({ bad, all }: Slo, window: string): string {
  const [some, total] = [bad, all].map((expression) => expression.replaceAll('$window', window))
  return `(${some}) / (${total} > 0) or (${total} == 0)`
}

function budgetOf(period: string) {
  return ({ name, objective }: Slo): Rule[] => {
    const labels = { slo: name }
    const objectiveRule = { record: 'slo:objective', expr: `vector(${objective})`, labels }
    if (objective === 1) return [objectiveRule]
    return [
      objectiveRule,
      {
        record: 'slo:error_budget_remaining:ratio',
        expr: `1 - slo:error_ratio:rate${period}{slo="${name}"} / ${budget(objective)}`,
        labels
      }
    ]
  }
}

function alertsOf({ name, title, objective, alert, broken = title }: Slo): Rule[] {
  if (alert === undefined) return []
  const series = (window: string) => `slo:error_ratio:rate${window}{slo="${name}"}`
  return BURNS.map(({ severity, pairs }) => {
    const [first] = pairs
    const conditions = pairs.map(({ factor, long, short }) => {
      const limit = `${factor} * ${budget(objective)}`
      return `(${series(long)} > ${limit} and ${series(short)} > ${limit})`
    })
    return {
      alert,
      expr: conditions.join('\nor\n'),
      labels: { severity },
      annotations: {
        summary: `${broken}: the error budget burns ${severity === 'page' ? 'fast' : 'steadily'}`,
        description: `{{ $value | humanizePercentage }} were bad over the last ${first?.long} or more, where ${percent(budget(objective))} may be.`,
        runbook_url: `{{ $externalLabels.runbooks }}/${kebab(alert)}.md`
      }
    }
  })
}

/** The share that may be bad, rounded to hide errors of binary fractions. */
export function budget(objective: number): number {
  return Number((1 - objective).toPrecision(6))
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(6))}%`
}

/** The name of an alert's runbook: `RedirectsFail` is in redirects-fail.md. */
export function kebab(alert: string): string {
  return alert.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()
}
