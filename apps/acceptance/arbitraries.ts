import fc from 'fast-check'
import { ALL_HOSTILE_TEXTS } from './hostile-texts.ts'

/** Extreme values for fast-check. */

/** Text that some parser interprets: numbers, SQL, paths, escapes, halves of characters, and long texts. */
export const arbitraryText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...ALL_HOSTILE_TEXTS) },
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 })
)

/** Any JSON value, mostly extreme numbers and deep nesting. */
export const arbitraryValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 2, arbitrary: arbitraryText },
  fc.constantFrom(0, -0, -1, 1.5, 1e308, 2 ** 53, 2 ** 63, -(2 ** 63), 5e-324, null, true, false),
  fc.constantFrom([], {}, [[]], [null], { a: { b: {} } }, { length: 1e9 }, { toJSON: 1 }),
  fc.jsonValue({ maxDepth: 4 }),
  fc.integer({ min: 1, max: 40 }).map((depth) => nest(depth))
)

function nest(depth: number): unknown {
  let value: unknown = 1
  for (let at = 0; at < depth; at++) value = at % 2 ? [value] : { a: value }
  return value
}
