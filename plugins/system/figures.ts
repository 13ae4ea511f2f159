import type { FigureGroup } from '#schema/shapes/system.ts'
import { GROUPS, type Metric } from './groups.ts'

/** One value of a metric, of a process or of Prometheus. */
export interface Sample {
  name: string
  labels: Readonly<Record<string, string>>
  value: number
}

const COMBINE = {
  sum: (a: number, b: number) => a + b,
  min: Math.min,
  max: Math.max
} as const

/** Combines the samples of any number of processes to the figures of each group. */
export function groupFigures(samples: readonly Sample[]): FigureGroup[] {
  const byName = Map.groupBy(samples, ({ name }) => name)
  return GROUPS.map(({ name, runbook, metrics }) => ({
    name,
    runbook,
    figures: metrics.flatMap((metric) => combineSamples(metric, byName.get(metric.name) ?? []))
  }))
}

function combineSamples({ name, combined, by = [], where = {} }: Metric, samples: readonly Sample[]) {
  const values = new Map<string, number>()
  for (const { labels, value } of samples) {
    if (!Number.isFinite(value) || !Object.entries(where).every(([label, one]) => labels[label] === one))
      continue
    const key = JSON.stringify(
      by.flatMap((label) => (labels[label] === undefined ? [] : [[label, labels[label]]]))
    )
    const known = values.get(key)
    values.set(key, known === undefined ? value : COMBINE[combined](known, value))
  }
  return [...values].map(([key, value]) => ({
    name,
    labels: Object.fromEntries(JSON.parse(key)) as Record<string, string>,
    combined,
    value
  }))
}
