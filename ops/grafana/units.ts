/** Formats values in Grafana's units. */

/** The divisor of a value, and the suffix after it. */
export interface Scale {
  factor: number
  suffix: string
}

const DECIMAL: Scale[] = [
  { factor: 1e9, suffix: 'G' },
  { factor: 1e6, suffix: 'M' },
  { factor: 1e3, suffix: 'k' },
  { factor: 1, suffix: '' }
]
const BINARY: Scale[] = [
  { factor: 1024 ** 3, suffix: ' GiB' },
  { factor: 1024 ** 2, suffix: ' MiB' },
  { factor: 1024, suffix: ' KiB' },
  { factor: 1, suffix: ' B' }
]
const TIME: Scale[] = [
  { factor: 60, suffix: ' min' },
  { factor: 1, suffix: ' s' },
  { factor: 1e-3, suffix: ' ms' },
  { factor: 1e-6, suffix: ' µs' }
]
const A_SECOND = DECIMAL.map(({ factor, suffix }) => ({ factor, suffix: `${suffix}/s` }))

const SCALES: Record<string, Scale[]> = {
  reqps: A_SECOND,
  ops: A_SECOND,
  cps: A_SECOND,
  s: TIME,
  bytes: BINARY,
  percentunit: [{ factor: 0.01, suffix: ' %' }],
  short: DECIMAL,
  none: DECIMAL
}

/** A readable scale for values up to `most`. Throws for a unit that no panel uses yet. */
export function scaleOf(unit: string, most: number): Scale {
  const scales = SCALES[unit]
  if (!scales) throw new Error(`The unit ${unit} has no scale: add it to SCALES`)
  const fallback = scales.find(({ factor }) => factor === 1) ?? scales[0]
  return (most > 0 && (scales.find(({ factor }) => most >= factor) ?? scales.at(-1))) || (fallback as Scale)
}

/** Formats a value with its unit and a readable number of digits. */
export function format(value: number, unit: string): string {
  const { factor, suffix } = scaleOf(unit, Math.abs(value))
  // 99.99 % and 100 % must differ.
  const digits = unit === 'percentunit' ? 4 : 3
  return `${Number((value / factor).toPrecision(digits))}${suffix}`
}
