import { createHash } from 'node:crypto'

/**
 * Cursors: where a sorted list goes on. A cursor has the sort value and the id of the last row. Its hash
 * finds cursors of another list or order, and damaged ones. It is no secret: the values are checked too.
 */

/** How PostgreSQL casts a sort value to text and back. Times are seconds since the epoch. */
export type ValueType = 'bigint' | 'text' | 'time'

/** The row after which a list goes on. `value` is null for rows without a value. */
export interface Position {
  value: string | null
  id: string
}

/** Makes a cursor. `order` names the list and its sort. */
export function formatCursor(order: string, { value, id }: Position): string {
  const json = JSON.stringify([value, id])
  const hash = createHash('sha256').update(`${order}\n${json}`).digest('base64url').slice(0, 8)
  return Buffer.from(json).toString('base64url') + hash
}

/** Reads a cursor. Null if it is none of this `order`, or if its values are not of these types. */
export function parseCursor(
  cursor: string,
  order: string,
  types: { value: ValueType; id: ValueType }
): Position | null {
  const position = readPosition(Buffer.from(cursor.slice(0, -8), 'base64url').toString())
  if (position === null || formatCursor(order, position) !== cursor) return null
  const { value, id } = position
  return (value === null || isOf(types.value, value)) && isOf(types.id, id) ? position : null
}

function readPosition(json: string): Position | null {
  try {
    const [value, id] = JSON.parse(json) as unknown[]
    if (typeof id !== 'string' || (value !== null && typeof value !== 'string')) return null
    return { value, id }
  } catch {
    return null
  }
}

/** The times of PostgreSQL (manual, 8.5 "Date/Time Types") in seconds since the epoch. */
const FIRST_SECOND = -210_866_803_200
const LAST_SECOND = 9_224_318_016_000

function isOf(type: ValueType, text: string): boolean {
  if (type === 'text') return text.isWellFormed() && !text.includes('\0')
  if (type === 'bigint') return /^-?\d{1,18}$/.test(text)
  if (/^-?Infinity$/.test(text)) return true
  return /^-?\d{1,13}(\.\d{1,6})?$/.test(text) && Number(text) >= FIRST_SECOND && Number(text) < LAST_SECOND
}
