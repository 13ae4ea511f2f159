import { median } from '#loadtest/median.ts'
import { markdownTable } from '#loadtest/results.ts'
import type { Outcome } from './pairs.ts'
import type { Ratio } from './spread.ts'

/** Formats one case for the terminal: the ratios to its references, its bars and its problem. */
export function formatOutcome(outcome: Outcome): string {
  const interval = ({ median, low, high }: Ratio) =>
    `× ${median.toFixed(3)} (95 % interval ${low.toFixed(3)} to ${high.toFixed(3)})`
  const notes = Object.entries(outcome.ratios).map(
    ([name, { rps, cpu }]) =>
      `  ${outcome.pairs} pairs with ${name}: rps ${interval(rps)}, CPU ${interval(cpu)}`
  )
  for (const { text, isMet } of check(outcome)) notes.push(`  ${isMet ? 'meets' : 'MISSES'} its bar: ${text}`)
  if (outcome.problem) notes.push(`  VOID: ${outcome.problem}`)
  return [outcome.title, ...notes].join('\n')
}

/** Returns each bar of a case, and if the case meets it. */
function check({ bars, ratios, samples, ...outcome }: Outcome): { text: string; isMet: boolean }[] {
  const [[reference, ratio] = ['', undefined]] = Object.entries(ratios)
  if (!bars || !ratio) return []
  const list = []
  if (bars.rps !== undefined) list.push({ text: `rps ≥ ${bars.rps}`, isMet: ratio.rps.median >= bars.rps })
  if (bars.cpu !== undefined) list.push({ text: `CPU ≤ ${bars.cpu}`, isMet: ratio.cpu.median <= bars.cpu })
  if (bars.lagMs !== undefined)
    list.push({ text: `last click < ${bars.lagMs / 1_000} s`, isMet: outcome.lagMs < bars.lagMs })
  if (bars.p50 !== undefined) {
    const theirs = median((samples[reference] ?? []).map(({ p50 }) => p50))
    const most = bars.p50 * theirs + (outcome.fdatasyncMs ?? 0)
    const text = `p50 ≤ ${bars.p50} × ${theirs.toFixed(2)} ms + one fdatasync = ${most.toFixed(2)} ms`
    list.push({ text, isMet: outcome.p50 <= most })
  }
  return list
}

/** Formats the figures of all cases, for the terminal and docs/performance.md. */
export function tabulate(outcomes: Outcome[]): string {
  const headings = [
    'case',
    'a second',
    'CPU µs',
    'p50 ms',
    'p95',
    'p99',
    'MiB',
    'rps of the reference',
    'CPU',
    'bar'
  ]
  const rows = outcomes.map((outcome) => {
    const [[name, ratio] = ['', undefined]] = Object.entries(outcome.ratios)
    return [
      outcome.problem ? `${outcome.title} (void: ${outcome.problem})` : outcome.title,
      Math.round(outcome.rps).toLocaleString('en'),
      outcome.cpuMicros.toFixed(1),
      ...[outcome.p50, outcome.p95, outcome.p99].map((ms) => ms.toFixed(2)),
      `${outcome.memoryMiB}`,
      `${ratio?.rps.median.toFixed(2)} (${name})`,
      `× ${ratio?.cpu.median.toFixed(2)}`,
      check(outcome)
        .map(({ text }) => text)
        .join(', ')
    ]
  })
  const notes = outcomes.flatMap(({ title, lagMs, fdatasyncMs }) =>
    fdatasyncMs === null
      ? []
      : `${title}: last click stored ${(lagMs / 1_000).toFixed(2)} s after the load; fdatasync p50 ${fdatasyncMs.toFixed(2)} ms.`
  )
  return [markdownTable(headings, rows), ...notes].join('\n\n')
}
