import { now as serverNow } from './clock.ts'
import { language } from './language.ts'
import { zone as shownZone } from './zone.ts'

/** Numbers and times for people. The wire has UTC without a zone: `2025-06-04T00:07:00`. */

/** Formatters take a millisecond to create, so keep them. */
const formats = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>()

function keep<F extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>(
  key: string,
  create: (tag: string) => F
): F {
  const tag = language.value === 'en' ? navigator.languages.find((one) => one.startsWith('en')) : 'de'
  const name = `${tag} ${key}`
  const found = (formats.get(name) as F | undefined) ?? create(tag ?? 'en')
  formats.set(name, found)
  return found
}

export function formatNumber(value: number): string {
  return keep('number', (tag) => new Intl.NumberFormat(tag)).format(value)
}

export function formatShort(value: number): string {
  return keep('short', (tag) => new Intl.NumberFormat(tag, { notation: 'compact' })).format(value)
}

export function parseWire(time: string): Date {
  return new Date(`${time}Z`)
}

export function toWire(date: Date): string {
  // A year past 9999 is longer.
  return date.toISOString().slice(0, -5)
}

export type DateStyle = 'day' | 'month' | 'time' | 'full'

const STYLES: Record<DateStyle, Intl.DateTimeFormatOptions> = {
  day: { day: 'numeric', month: 'short' },
  month: { month: 'short', year: 'numeric' },
  time: { hour: 'numeric', minute: '2-digit' },
  full: { dateStyle: 'medium', timeStyle: 'short' }
}

export function formatDate(date: Date, style: DateStyle, zone = shownZone.value): string {
  const options = { ...STYLES[style], timeZone: zone }
  return keep(`${style} ${zone}`, (tag) => new Intl.DateTimeFormat(tag, options)).format(date)
}

const STEPS: [unit: 'year' | 'month' | 'day' | 'hour' | 'minute', seconds: number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60]
]

/** `3 hr ago`. Below a minute, and for a clock that is ahead: `now`. */
export function formatAge(date: Date, now = serverNow()): string {
  const seconds = (date.getTime() - now) / 1_000
  const format = keep('age', (tag) => new Intl.RelativeTimeFormat(tag, { numeric: 'auto', style: 'short' }))
  const step = STEPS.find(([, size]) => Math.abs(seconds) >= size)
  return step === undefined
    ? format.format(0, 'second')
    : format.format(Math.trunc(seconds / step[1]), step[0])
}

/** `12 seconds`: the largest unit that fits, without a remainder. */
export function formatSpan(seconds: number): string {
  const [unit, size] = STEPS.find(([, step]) => seconds >= 2 * step) ?? ['second', 1]
  const format = keep(
    `span ${unit}`,
    (tag) => new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'long' })
  )
  return format.format(Math.ceil(seconds / size))
}

/** A web address without its scheme. */
export const withoutScheme = (address: string) => address.replace(/^https?:\/\//, '')
