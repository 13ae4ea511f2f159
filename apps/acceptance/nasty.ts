import fc from 'fast-check'

/** Values at their worst, for fast-check. */

const NASTY = [
  '',
  ' ',
  '0',
  '-1',
  '1e999',
  '9007199254740993',
  '99999999999999999999999999',
  '0x10',
  'NaN',
  'null',
  'undefined',
  'true',
  '[]',
  '{}',
  "' OR 1=1 --",
  "'; DROP TABLE users; --",
  '$1',
  '%s%n%x',
  '%00',
  '%',
  '%zz',
  '%ff',
  '../../etc/passwd',
  '..%2f..%2f',
  '<script>alert(1)</script>',
  '{{7*7}}',
  '__proto__',
  'constructor',
  'toString',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff\ud800',
  '\ufeff',
  '\u202e',
  '\r\nSet-Cookie: a=b',
  '🎉'.repeat(300),
  'é'.repeat(5_000),
  'x'.repeat(70_000),
  'https://example.com/\u0000',
  'http://[::1',
  'https://example.com:99999/',
  'javascript:alert(1)',
  '2025-02-30T99:99:99',
  '+275760-09-13T00:00:01',
  '-000001-01-01',
  '0000-00-00',
  'nobody@',
  '"very.(),:;<>[]".unusual"@example.com'
]

/** Text that means something to somebody: numbers, SQL, paths, escapes, halves of letters, and much of it. */
export const nastyText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NASTY) },
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 })
)

/** Any JSON value, those at the ends of numbers and of nesting above all. */
export const nastyValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 2, arbitrary: nastyText },
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
