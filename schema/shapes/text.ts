import { type Static, type TSchema, Type } from './type.ts'

/** Greatest id that both JSON numbers and the database represent exactly. */
export const MAX_ID = Number.MAX_SAFE_INTEGER

/**
 * Characters that no stored text may contain: NUL (PostgreSQL refuses it) and lone surrogates (invalid
 * Unicode).
 */
export const PLAIN_TEXT = '^[^\\u0000\\uD800-\\uDFFF]*$'

/**
 * Returns the pattern of a visible text. It has no character of `refused` (a character class). At least one
 * character is neither space, control, format nor default ignorable (Unicode, UAX #44), such as zero-width
 * spaces and fillers. U+2800 is a blank too.
 */
export const visibleText = (refused: string) =>
  `^(?=[^${refused}]*$)[\\s\\S]*[^\\s\\p{Cc}\\p{Cf}\\p{Z}\\p{Default_Ignorable_Code_Point}\\u2800]`

/** Names appear in logs, lists and messages, so they have no control characters. */
export const VISIBLE_NAME = visibleText('\\u0000-\\u001F\\u007F\\uD800-\\uDFFF')

/** `schema` or null, as a type list, which both Ajv and fast-json-stringify handle without a branch. */
export function Nullable<T extends TSchema>(schema: T) {
  const { type, enum: values, ...rest } = schema as unknown as { type: string; enum?: unknown[] }
  return Type.Unsafe<Static<T> | null>({
    ...rest,
    type: [type, 'null'],
    ...(values && { enum: [...values, null] })
  })
}

/**
 * True if `text` has more than `limit` characters. They are code points, as in `maxLength` (JSON Schema,
 * 6.3.1): an emoji is one, although JavaScript counts two.
 */
export function isLonger(text: string, limit: number): boolean {
  if (text.length <= limit || text.length > 2 * limit) return text.length > limit
  let count = 0
  for (const _ of text) if (++count > limit) return true
  return false
}

/** Returns the `maxLength` of a string's schema, in characters. */
export function lengthLimit(schema: TSchema): number {
  return (schema as { maxLength?: number }).maxLength ?? Infinity
}

/**
 * Formats a point in time in the contract's format: ISO 8601, UTC, without a zone, in whole seconds. A year
 * past 9999 or before 0000, which a database may contain, has a sign and six digits.
 */
export function wireTime(time: Date): string {
  return time.toISOString().slice(0, -5)
}

/** Formats an optional time; see {@link wireTime}. */
export function optionalWireTime(time: Date | null): string | null {
  return time && wireTime(time)
}

export const Id = Type.Integer({ minimum: 1, maximum: MAX_ID })
export const Time = Type.String({ description: 'UTC, without zone', examples: ['2025-06-04T00:07:00'] })

/** A boolean in a query, in the spellings of clients in other languages. */
export const Flag = Type.Enum(['true', 'false', 'True', 'False', 'TRUE', 'FALSE', '1', '0'])

/** Returns the value of a {@link Flag}. */
export function isTrue(flag: Static<typeof Flag>): boolean {
  return flag.toLowerCase() === 'true' || flag === '1'
}
