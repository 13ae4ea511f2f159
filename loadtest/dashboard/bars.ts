import { median } from '#loadtest/median.ts'
import type { Sizes } from '#ops/dashboard/sizes.ts'
import type { FirstPage } from './first-page.ts'
import type { Interaction } from './interactions.ts'

/** What was measured beside what the dashboard promises. */

export interface Row {
  what: string
  unit: 'ms' | 'KiB' | 'MiB'
  /** The greatest value that keeps the promise. */
  bar: number
  /** One value for each round. */
  values: number[]
}

const KIB = 1_024

/** The rows of the table. A value is a median of the rounds, a size of the one build. */
export function makeRows(
  sizes: Sizes,
  pages: FirstPage[],
  interactions: Interaction[],
  heapMiB: number[],
  changes: number
): Row[] {
  const names = [...new Set(interactions.map(({ name }) => name))]
  /** A row for each interaction that has a value. */
  const rowsOf = (what: string, bar: number, readMs: (one: Interaction) => number | null) =>
    names.flatMap((name): Row[] => {
      const values = interactions.flatMap((one) => (one.name === name ? (readMs(one) ?? []) : []))
      return values.length === 0 ? [] : [{ what: `${name}: ${what}`, unit: 'ms', bar, values }]
    })
  const largest = Math.max(...sizes.lazy.map(({ size }) => size))
  return [
    { what: 'scripts of the first page, gzip', unit: 'KiB', bar: 90, values: [sizes.scripts / KIB] },
    { what: 'styles of the first page, gzip', unit: 'KiB', bar: 20, values: [sizes.styles / KIB] },
    { what: 'largest lazy part, gzip', unit: 'KiB', bar: 60, values: [largest / KIB] },
    {
      what: 'cold page until its field is usable',
      unit: 'ms',
      bar: 3_000,
      values: pages.map(({ usableMs }) => usableMs)
    },
    {
      what: 'cold page until a short link is copied',
      unit: 'ms',
      bar: 5_000,
      values: pages.map(({ copiedMs }) => copiedMs)
    },
    ...rowsOf('input to next paint', 200, ({ paintMs }) => paintMs),
    ...rowsOf('first data beside the server’s time', 1_000, ({ dataMs }) => dataMs),
    { what: `heap after ${changes} page changes`, unit: 'MiB', bar: 10, values: heapMiB }
  ]
}

/** The cells of a row: what, median, least to most, bar, verdict. */
export function formatRow({ what, unit, bar, values }: Row): string[] {
  const digits = unit === 'ms' ? 0 : 1
  const show = (value: number) => value.toFixed(digits)
  const middle = median(values)
  const range = values.length > 1 ? `${show(Math.min(...values))} to ${show(Math.max(...values))}` : ''
  return [what, `${show(middle)} ${unit}`, range, `≤ ${bar} ${unit}`, middle <= bar ? 'met' : '**missed**']
}
