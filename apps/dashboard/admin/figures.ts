import { formatAge, formatNumber } from '#dashboard/core/format.ts'
import { language, text } from '#dashboard/core/language.ts'

/** Figures of the system for people. The name of a metric ends with its unit. */

const FLAGS = new Set([
  'fairlead_redis_connected',
  'fairlead_redis_evicts',
  'fairlead_under_pressure',
  'fairlead_database_standby_used'
])

const UNITS: [unit: 'gigabyte' | 'megabyte' | 'kilobyte', size: number][] = [
  ['gigabyte', 1e9],
  ['megabyte', 1e6],
  ['kilobyte', 1e3]
]

function formatUnit(value: number, unit: string, digits: number): string {
  return new Intl.NumberFormat(language.value, {
    style: 'unit',
    unit,
    maximumFractionDigits: digits
  }).format(value)
}

export function formatBytes(value: number): string {
  const [unit, size] = UNITS.find(([, size]) => value >= size) ?? ['byte', 1]
  return formatUnit(value / size, unit, 1)
}

export function formatRatio(value: number, digits = 2): string {
  return new Intl.NumberFormat(language.value, { style: 'percent', maximumFractionDigits: digits }).format(
    value
  )
}

/** The two largest units: `3 days, 4 hr`. Below a minute: seconds, or milliseconds. */
export function formatDuration(seconds: number): string {
  if (Math.abs(seconds) < 1) return formatUnit(seconds * 1_000, 'millisecond', seconds === 0 ? 0 : 1)
  if (Math.abs(seconds) < 60) return formatUnit(seconds, 'second', 1)
  const parts: [value: number, unit: string][] = [
    [Math.floor(seconds / 86_400), 'day'],
    [Math.floor((seconds % 86_400) / 3_600), 'hour'],
    [Math.floor((seconds % 3_600) / 60), 'minute']
  ]
  const first = parts.findIndex(([value]) => value > 0)
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => formatUnit(value, unit, 0))
    .join(' ')
}

export function formatFigure(name: string, value: number): string {
  const t = text.value
  if (FLAGS.has(name)) return value > 0 ? t.system.yes : t.system.no
  if (name.endsWith('_timestamp_seconds'))
    return value > 0 ? formatAge(new Date(value * 1_000)) : t.admin.never
  if (name.endsWith('_seconds')) return formatDuration(value)
  if (name.endsWith('_bytes')) return formatBytes(value)
  return formatNumber(value)
}
