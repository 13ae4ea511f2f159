import { now as serverNow } from '#dashboard/core/clock.ts'
import { toWire } from '#dashboard/core/format.ts'
import { isZone } from '#dashboard/core/zone.ts'
import type { StatsQuery } from '#schema/shapes/stats.ts'

/** The period of statistics, as the address of the page has it, and the query of the API for it. */

export const PERIODS = ['24h', '7d', '30d', '90d', '12m', 'custom'] as const

export type PeriodName = (typeof PERIODS)[number]

export interface Period {
  name: PeriodName
  /** Days of a custom period: `2026-01-31`. */
  from: string
  to: string
  zone: string
}

const DAY_MS = 86_400_000
const DAYS: Partial<Record<PeriodName, number>> = { '7d': 7, '30d': 30, '90d': 90 }

const isDay = (text: string | undefined): text is string =>
  text !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))

/** Today in `zone`, as `2026-01-31`. */
export function today(zone: string, now = serverNow()): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' })
  return parts.format(now)
}

function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10)
}

/** Reads the query of an address; anything unknown is the default. */
export function readPeriod(query: Record<string, string>, ownZone: string): Period {
  const zone = query['zone'] !== undefined && isZone(query['zone']) ? query['zone'] : ownZone
  const name = PERIODS.find((one) => one === query['period']) ?? '30d'
  const [to, from] = [isDay(query['to']) ? query['to'] : today(zone), query['from']]
  return { name, zone, to, from: isDay(from) && from <= to ? from : addDays(to, -29) }
}

/** The period as the query of an address, without defaults. */
export function writePeriod(
  { name, from, to, zone }: Period,
  ownZone: string
): Record<string, string | undefined> {
  return {
    period: name === '30d' ? undefined : name,
    ...(name === 'custom' && { from, to }),
    zone: zone === ownZone ? undefined : zone
  }
}

type Query = Pick<StatsQuery, 'from' | 'to' | 'unit' | 'tz'>

/** The query of the API. Longer periods have longer buckets, so that a chart has at most about 100. */
export function toQuery({ name, from, to, zone }: Period, now = serverNow()): Query {
  if (name === '24h') return { unit: 'hour', tz: zone, from: toWire(new Date(now - 23 * 3_600_000)) }
  if (name === '12m') return { unit: 'month', tz: zone, from: monthsAgo(today(zone, now), 11) }
  const days = DAYS[name]
  if (days !== undefined) return { unit: 'day', tz: zone, from: addDays(today(zone, now), 1 - days) }
  const span = (Date.parse(to) - Date.parse(from)) / DAY_MS
  const unit = span < 3 ? 'hour' : span < 100 ? 'day' : span < 700 ? 'week' : 'month'
  return { unit, tz: zone, from, to }
}

function monthsAgo(day: string, months: number): string {
  const [year = 0, month = 1] = day.split('-').map(Number)
  return new Date(Date.UTC(year, month - 1 - months, 1)).toISOString().slice(0, 10)
}
