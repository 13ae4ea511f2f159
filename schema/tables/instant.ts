import { customType } from 'drizzle-orm/pg-core'

/**
 * A column of points in time. Drizzle's own reads PostgreSQL's text with `new Date()`, which takes year 49 for 2049 and knows neither
 * years past 9999 nor `BC`.
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

/** The ISO style of PostgreSQL (manual, 8.5.2), in whichever time zone the session has. */
const ISO =
  /^(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d+))?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?( BC)?$/

/** The first and the last time that a Date can hold (ECMA-262, 21.4.1.1). */
const GREATEST_MS = 8.64e15

/**
 * The time that PostgreSQL writes as `text`, to the millisecond. What a Date can't hold, such as `infinity`, becomes the nearest one
 * that it can. Throws a TypeError when the text is of another style, in which days and months can't be told apart.
 */
export function parseInstant(text: string): Date {
  // Most are so: a session in UTC, whole seconds, a year of four digits. ECMA-262 reads this form exactly.
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
  // Not Date.UTC: it takes years up to 99 for those of the 20th century.
  time.setUTCFullYear(bc === undefined ? Number(year) : 1 - Number(year), Number(month) - 1, Number(day))
  time.setUTCHours(
    Number(hour),
    Number(minute),
    Number(second) - offset,
    Number(fraction.padEnd(3, '0').slice(0, 3))
  )
  return Number.isNaN(time.getTime()) ? new Date(GREATEST_MS) : time
}

/** `time` as a literal that PostgreSQL reads alike with every setting. */
export function formatInstant(time: Date): string {
  const year = time.getUTCFullYear()
  const rest = time.toISOString().slice(-20)
  return year > 0
    ? `${String(year).padStart(4, '0')}${rest}`
    : `${String(1 - year).padStart(4, '0')}${rest} BC`
}
