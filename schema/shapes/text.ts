import { type Static, type TSchema, Type } from './type.ts'

/** Greatest id that JSON numbers and the database both hold exactly. */
export const MAX_ID = Number.MAX_SAFE_INTEGER

/** What no stored text may hold: NUL (PostgreSQL refuses it) and halves of surrogate pairs (not Unicode text). */
export const PLAIN_TEXT = '^[^\\u0000\\uD800-\\uDFFF]*$'

/**
 * The pattern of a text that a reader can see: no character of `refused` (a character class), and one or more that is neither
 * space, control nor format character nor default ignorable (Unicode, UAX #44), as zero-width spaces and fillers are. U+2800 is a blank too.
 */
export const visibleText = (refused: string) =>
  `^(?=[^${refused}]*$)[\\s\\S]*[^\\s\\p{Cc}\\p{Cf}\\p{Z}\\p{Default_Ignorable_Code_Point}\\u2800]`

/** Names appear in logs, lists and messages, so they have no control characters. */
export const VISIBLE_NAME = visibleText('\\u0000-\\u001F\\u007F\\uD800-\\uDFFF')

/** `schema` or null, written as a type list, which both Ajv and fast-json-stringify handle without a branch. */
export function Nullable<T extends TSchema>(schema: T) {
  const { type, ...rest } = schema as unknown as { type: string }
  return Type.Unsafe<Static<T> | null>({ ...rest, type: [type, 'null'] })
}

/**
 * Whether `text` has more than `limit` characters. They are code points, as those of `maxLength` are (JSON Schema, 6.3.1): an emoji is
 * one, though JavaScript counts two.
 */
export function isLonger(text: string, limit: number): boolean {
  if (text.length <= limit || text.length > 2 * limit) return text.length > limit
  let count = 0
  for (const _ of text) if (++count > limit) return true
  return false
}

/** The `maxLength` of a string's schema, in characters. */
export function lengthLimit(schema: TSchema): number {
  return (schema as { maxLength?: number }).maxLength ?? Infinity
}

/**
 * Formats a point in time as the contract says: ISO 8601, UTC, without zone, whole seconds. A year past 9999 or before 0000, which a
 * database may hold, has a sign and six digits.
 */
export function wireTime(time: Date): string {
  return time.toISOString().slice(0, -5)
}

/** A {@link wireTime} that may be missing. */
export function optionalWireTime(time: Date | null): string | null {
  return time && wireTime(time)
}

export const Id = Type.Integer({ minimum: 1, maximum: MAX_ID })
export const Time = Type.String({ description: 'UTC, without zone', examples: ['2025-06-04T00:07:00'] })

/** A yes or no in a query, in the spellings that clients in other languages send. */
export const Flag = Type.Enum(['true', 'false', 'True', 'False', 'TRUE', 'FALSE', '1', '0'])

/** The meaning of a {@link Flag}. */
export function isTrue(flag: Static<typeof Flag>): boolean {
  return flag.toLowerCase() === 'true' || flag === '1'
}
