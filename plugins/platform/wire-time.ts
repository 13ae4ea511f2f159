/** Reading the contract's times: ISO 8601 without zone is UTC; a zone may be given; a date alone is a whole day. */

const WIRE_TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}(?::?\d{2})?)?)?$/

/** Tells whether {@link parseWireTime} can read `value`. */
export function isWireTime(value: string): boolean {
  return parseWireTime(value) !== null
}

/**
 * The point in time that `value` names, or null when it names none. A date without a time is its first second,
 * or with `dayEnd` its last.
 */
export function parseWireTime(value: string, dayEnd = false): Date | null {
  const parts = WIRE_TIME.exec(value)
  if (!parts) return null
  const [, day = '', clock = dayEnd ? '23:59:59' : '00:00:00', zone = 'Z'] = parts
  // Date takes no zone of hours alone.
  const time = new Date(`${day}T${clock}${zone.length === 3 ? `${zone}:00` : zone}`)
  if (Number.isNaN(time.getTime())) return null
  // Date rolls 2025-02-30 over to March.
  if (new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) !== day) return null
  time.setUTCMilliseconds(0)
  return time
}
