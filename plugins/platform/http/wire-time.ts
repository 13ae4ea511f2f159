/** Parses the contract's times: ISO 8601, in UTC without a zone; a date alone is a whole day. */

const WIRE_TIME =
  /^(\d{4}-\d{2}-\d{2})(?:[T ]((?:[01]\d|2[0-4]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)(?:Z|([+-](?:[01]\d|2[0-3]))(?::?([0-5]\d))?)?)?$/

const FIRST = Date.parse('0001-01-01T00:00:00Z')
const LAST = Date.parse('9999-12-31T23:59:59.999Z')

/** The accepted times, for error messages. */
export const TIME_RANGE = 'from 0001-01-01T00:00:00 to 9999-12-31T23:59:59 UTC'

/** True if {@link parseWireTime} can read `value`. */
export function isWireTime(value: string): boolean {
  return parseWireTime(value) !== null
}

/**
 * Parses `value`; null if it is invalid or outside of the years 0001 to 9999 UTC. A date without a time is
 * its first second, or its last with `dayEnd`.
 */
export function parseWireTime(value: string, dayEnd = false): Date | null {
  const parts = WIRE_TIME.exec(value)
  if (!parts) return null
  const [, day = '', clock = dayEnd ? '23:59:59' : '00:00:00', hours = '+00', minutes = '00'] = parts
  // Exactly the form of ECMA-262, 21.4.1.32: V8 parses others by its own rules, for example year 49 as 2049.
  const time = new Date(`${day}T${clock}${hours}:${minutes}`)
  if (!(time.getTime() >= FIRST && time.getTime() <= LAST)) return null
  // Date rolls 2025-02-30 over to March.
  if (new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) !== day) return null
  time.setUTCMilliseconds(0)
  return time
}
