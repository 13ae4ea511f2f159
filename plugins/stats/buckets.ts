import { createBoundedCache } from '#platform/async/bounded-cache.ts'
import { DAY_MS, HOUR_MS } from './aggregate.ts'

/**
 * Divides time into the hours, days, weeks (from Monday, ISO 8601) or months of a time zone. Clicks are
 * counted by UTC hour, so bounds are whole UTC hours. In a zone with a half-hour offset, an hour belongs to
 * the bucket in which it begins.
 */

export type Unit = 'hour' | 'day' | 'week' | 'month'

/**
 * A calendar day without a time zone. `month` counts from 0; values out of range roll over as in Date.UTC.
 */
interface CalendarDay {
  year: number
  month: number
  day: number
}

/**
 * Keys are names in lower case, because requests name zones in any case. A format takes tens of kilobytes.
 */
const formats = createBoundedCache<Intl.DateTimeFormat>('time-zones', 100)

/**
 * True if `tz` is a time zone of the IANA database. Offsets such as +02:00 are not: they have no summer time.
 */
export function isTimeZone(tz: string): boolean {
  if (!/^[A-Za-z][\w+\-/]{1,63}$/.test(tz)) return false
  try {
    formatOf(tz)
    return true
  } catch {
    return false
  }
}

/**
 * Returns the bounds of buckets as ascending milliseconds since the epoch. They are the start of each bucket,
 * from the one with `from` to the one with `to`, and the end of the last. Returns null for more than `most`
 * buckets.
 */
export function cutBuckets(from: number, to: number, unit: Unit, tz: string, most: number): number[] | null {
  if ((to - from) / GREATEST_MS[unit] > most) return null
  const bounds = unit === 'hour' ? cutHours(from, to) : cutDays(from, to, unit, tz)
  return bounds.length - 1 > most ? null : bounds
}

/**
 * At least the length of any bucket of the unit. A range that is too long is refused before it is divided.
 */
const GREATEST_MS: Record<Unit, number> = {
  hour: HOUR_MS,
  day: 2 * DAY_MS,
  week: 8 * DAY_MS,
  month: 32 * DAY_MS
}

/**
 * Returns the first whole UTC hour of a day in a zone. If the zone skips midnight, the day begins after the
 * gap.
 */
export function startOfDay({ year, month, day }: CalendarDay, tz: string): number {
  const midnight = Date.UTC(year, month, day)
  const before = midnight - offsetAt(midnight - DAY_MS, tz)
  const after = midnight - offsetAt(midnight + DAY_MS, tz)
  // Near a change of the offset, the earlier moment applies unless local time is still on the day before.
  const early = Math.min(before, after)
  const start = early + offsetAt(early, tz) >= midnight ? early : Math.max(before, after)
  return Math.ceil(start / HOUR_MS) * HOUR_MS
}

/** Returns a moment in the first of `count` buckets, the last of which contains `to`. */
export function firstOf(count: number, to: number, unit: Unit, tz: string): number {
  if (unit === 'hour') return to - (count - 1) * HOUR_MS
  const days = { day: 1, week: 7, month: 0 }[unit]
  const { year, month, day } = firstDay(dayOf(to, tz), unit)
  const months = unit === 'month' ? count - 1 : 0
  return startOfDay({ year, month: month - months, day: day - (count - 1) * days }, tz)
}

function cutHours(from: number, to: number): number[] {
  const first = Math.floor(from / HOUR_MS)
  const hours = Math.floor(to / HOUR_MS) - first + 1
  return Array.from({ length: hours + 1 }, (_, place) => (first + place) * HOUR_MS)
}

function cutDays(from: number, to: number, unit: Unit, tz: string): number[] {
  let day = firstDay(dayOf(from, tz), unit)
  const bounds = [startOfDay(day, tz)]
  for (let last = bounds[0] ?? 0; last <= to; ) {
    day = nextDay(day, unit)
    const start = startOfDay(day, tz)
    // A day that a zone skipped (Apia, 30 December 2011) has no length.
    if (start > last) bounds.push(start)
    last = start
  }
  return bounds
}

function firstDay(date: CalendarDay, unit: Unit): CalendarDay {
  const { year, month, day, weekday } = normal(date)
  if (unit === 'month') return { year, month, day: 1 }
  return { year, month, day: unit === 'week' ? day - ((weekday + 6) % 7) : day }
}

function nextDay({ year, month, day }: CalendarDay, unit: Unit): CalendarDay {
  if (unit === 'month') return { year, month: month + 1, day }
  return { year, month, day: day + (unit === 'week' ? 7 : 1) }
}

function normal({ year, month, day }: CalendarDay): CalendarDay & { weekday: number } {
  const date = new Date(Date.UTC(year, month, day))
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    weekday: date.getUTCDay()
  }
}

/** Returns the day in which the moment counts: the one in which its whole UTC hour begins. */
function dayOf(time: number, tz: string): CalendarDay {
  const hour = Math.floor(time / HOUR_MS) * HOUR_MS
  return normal({ year: 1970, month: 0, day: 1 + Math.floor((hour + offsetAt(hour, tz)) / DAY_MS) })
}

/** Returns the offset of `tz` from UTC at a moment, in milliseconds. */
function offsetAt(time: number, tz: string): number {
  if (tz === 'UTC') return 0
  const parts = Object.fromEntries(
    formatOf(tz)
      .formatToParts(time)
      .map(({ type, value }) => [type, Number(value)])
  )
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1_000) * 1_000
}

function formatOf(tz: string): Intl.DateTimeFormat {
  const key = tz.toLowerCase()
  let format = formats.get(key)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US-u-ca-iso8601', {
      timeZone: tz,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric'
    })
    formats.set(key, format)
  }
  return format
}
