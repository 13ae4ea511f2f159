import { customType } from 'drizzle-orm/pg-core'

/**
 * A column of points in time. Drizzle's own column parses PostgreSQL's text with `new Date()`. That reads
 * year 49 as 2049 and supports neither years past 9999 nor `BC`.
 */
export const instant = customType<{
  data: Date
  driverData: string
  config: { precision?: number }
}>({
  dataType: ({ precision } = {}) =>
    `timestamp${precision === undefined ? '' : ` (${precision})`} with time zone`,
  fromDriver: parseInstant,
  toDriver: formatInstant
})

/** The ISO style of PostgreSQL (manual, 8.5.2), in any time zone of the session. */
const ISO =
  /^(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d+))?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?( BC)?$/

/** The earliest and the latest time of a Date (ECMA-262, 21.4.1.1). */
const GREATEST_MS = 8.64e15

/**
 * Parses a time of PostgreSQL, to the millisecond. A time outside the range of Date, such as `infinity`,
 * becomes the nearest valid one. Throws a TypeError for a text of another style, in which day and month are
 * ambiguous.
 */
export function parseInstant(text: string): Date {
  // The common case: a session in UTC, whole seconds, a year of four digits. ECMA-262 defines this form
  // exactly.
  if (text.length === 22 && text.endsWith('+00')) {
    const time = new Date(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`)
    if (!Number.isNaN(time.getTime())) return time
  }
  if (text.endsWith('infinity')) return new Date(text === 'infinity' ? GREATEST_MS : -GREATEST_MS)
  const parts = ISO.exec(text)
  if (parts === null) throw new TypeError(`PostgreSQL sent a time that is not in its ISO style: ${text}`)
  const [, year, month, day, hour, minute, second, fraction = '', sign] = parts
  const [zoneHour, zoneMinute = 0, zoneSecond = 0, bc] = parts.slice(9)
  const offset =
    (sign === '-' ? -1 : 1) * (Number(zoneHour) * 3_600 + Number(zoneMinute) * 60 + Number(zoneSecond))
  const time = new Date(0)
  // Not Date.UTC, which maps years up to 99 to the 20th century.
  time.setUTCFullYear(bc === undefined ? Number(year) : 1 - Number(year), Number(month) - 1, Number(day))
  time.setUTCHours(
    Number(hour),
    Number(minute),
    Number(second) - offset,
    Number(fraction.padEnd(3, '0').slice(0, 3))
  )
  return Number.isNaN(time.getTime()) ? new Date(GREATEST_MS) : time
}

/** Formats `time` as a literal that PostgreSQL reads alike with every setting. */
export function formatInstant(time: Date): string {
  const year = time.getUTCFullYear()
  const rest = time.toISOString().slice(-20)
  return year > 0
    ? `${String(year).padStart(4, '0')}${rest}`
    : `${String(1 - year).padStart(4, '0')}${rest} BC`
}
