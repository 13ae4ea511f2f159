import { cpus, totalmem } from 'node:os'
import { markdownTable } from '#loadtest/results.ts'
import type { Outcome, PairOptions } from './pairs.ts'

/** The table that `npm run bench` prints, a line a case. */
const WIDTHS = [40, 8, 8, 7, 7, 7, 8, 6, 34, 12]

export const HEADINGS = [
  line(['case', 'rps', 'µs CPU', 'p50 ms', 'p95', 'p99', 'max', 'MiB', 'of reference, rps', 'CPU']),
  line(WIDTHS.map((width) => '-'.repeat(width - 1)))
].join('\n')

/** Where and how it was measured. */
export function describe(options: PairOptions): string {
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} cores, ${memory} GiB, Node ${process.versions.node}; ${options.connections} connections, ${options.starts} starts of ${options.rounds} rounds of ${options.seconds} s`
}

/** The line of one case; ratios are to the first reference, then to the others. */
export function tellOutcome(outcome: Outcome): string {
  const { bars } = outcome
  const ratios = Object.entries(outcome.ratios)
  const rps = ratios.map(([name, ratio]) => `${ratio.rps.toFixed(2)} ${name}`).join(', ')
  const cpu = ratios.map(([, ratio]) => ratio.cpu.toFixed(2)).join(', ')
  const cells = [
    outcome.title,
    Math.round(outcome.rps).toLocaleString('en'),
    outcome.cpuMicros.toFixed(1),
    ...[outcome.p50, outcome.p95, outcome.p99, outcome.max].map((ms) => ms.toFixed(2)),
    `${outcome.memoryMiB}`,
    rps,
    cpu
  ]
  const [first] = Object.values(outcome.ratios)
  const notes = []
  if (bars && first) {
    const isMet = first.rps >= bars.rps && (bars.cpu === undefined || first.cpu <= bars.cpu)
    const cpuBar = bars.cpu === undefined ? '' : `, CPU ≤ ${bars.cpu}`
    notes.push(`  ${isMet ? 'meets' : 'MISSES'} its bar: rps ≥ ${bars.rps}${cpuBar}`)
  }
  if (outcome.problem) notes.push(`  VOID: ${outcome.problem}`)
  return [line(cells), ...notes].join('\n')
}

/** The same for docs/performance.md. */
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
    const { bars } = outcome
    return [
      outcome.problem ? `${outcome.title} (void: ${outcome.problem})` : outcome.title,
      Math.round(outcome.rps).toLocaleString('en'),
      outcome.cpuMicros.toFixed(1),
      ...[outcome.p50, outcome.p95, outcome.p99].map((ms) => ms.toFixed(2)),
      `${outcome.memoryMiB}`,
      `${ratio?.rps.toFixed(2)} (${name})`,
      `× ${ratio?.cpu.toFixed(2)}`,
      bars ? `≥ ${bars.rps}${bars.cpu === undefined ? '' : `, ≤ ${bars.cpu}`}` : ''
    ]
  })
  return markdownTable(headings, rows)
}

function line(cells: string[]): string {
  return cells
    .map((cell, column) =>
      column === 0 || column > 7
        ? cell.padEnd(WIDTHS[column] ?? 0)
        : `${cell.padStart((WIDTHS[column] ?? 1) - 1)} `
    )
    .join('')
    .trimEnd()
}
