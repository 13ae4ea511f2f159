import { Ajv } from 'ajv'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { isLonger } from '#schema/shapes/text.ts'
import {
  type CellReader,
  createReader,
  optional,
  readBoolean,
  readDetails,
  readId,
  readText,
  readTime
} from './cells.ts'

/** Asserts the result of a reader for each cell; a pattern means an error that matches it. */
function check(t: Test, read: CellReader, expected: [string | null, string | null | RegExp][]): void {
  for (const [cell, wanted] of expected) {
    const value = read(cell)
    if (wanted instanceof RegExp) t.match(value, { wrong: wanted }, `refuses ${JSON.stringify(cell)}`)
    else t.equal(value, wanted, `reads ${JSON.stringify(cell)}`)
  }
}

t.test('ids are whole numbers from 1 to 10^15', async (t) => {
  check(t, readId, [
    ['1', '1'],
    ['1000000000000000', '1000000000000000'],
    ['317.0', '317'],
    ['007', '7'],
    ['0', /not an id/],
    ['-1', /not an id/],
    ['1.5', /not an id/],
    ['1e3', /not an id/],
    ['1000000000000001', /not an id/],
    ['99999999999999999999', /not an id/],
    [' 1', /not an id/],
    ['', /empty/],
    [null, /empty/]
  ])
  check(t, optional(readId), [
    [null, null],
    ['', null],
    ['x', /not an id/]
  ])
})

t.test('times are UTC and whole seconds', async (t) => {
  check(t, readTime, [
    ['2025-06-04 00:07:00', '2025-06-04 00:07:00+00'],
    ['2025-06-04T00:07:00', '2025-06-04 00:07:00+00'],
    ['2025-06-04T00:07:00Z', '2025-06-04 00:07:00+00'],
    ['2025-06-04 00:07:00.987654', '2025-06-04 00:07:00+00'],
    ['2025-06-04T02:07:00+02:00', '2025-06-04 00:07:00+00'],
    ['2025-06-04 00:07:00+00', '2025-06-04 00:07:00+00'],
    ['2025-06-03 20:07:00-04', '2025-06-04 00:07:00+00'],
    ['2025-06-04T05:37:00+0530', '2025-06-04 00:07:00+00'],
    ['2025-06-04T00:07:00+0', /not a time/],
    ['2025-06-04T00:07:00+25', /not a time/],
    ['2024-02-29 23:59:59', '2024-02-29 23:59:59+00'],
    ['2025-02-29 00:00:00', /not a time/],
    ['2025-06-31 00:00:00', /not a time/],
    ['2025-06-04 25:00:00', /not a time/],
    ['0000-01-01 00:00:00', /not a time/],
    ['0001-01-01T00:00:00+10:00', /not a time/],
    ['04/06/2025', /not a time/],
    [null, /empty/]
  ])
})

t.test('booleans are True and False in any case, or 1 and 0', async (t) => {
  check(t, readBoolean, [
    ['True', 'true'],
    ['TRUE', 'true'],
    ['1', 'true'],
    ['False', 'false'],
    ['false', 'false'],
    ['0', 'false'],
    ['yes', /neither/],
    ['', /empty/],
    [null, /empty/]
  ])
})

t.test('text holds no NUL, no half characters, and is not endless', async (t) => {
  check(t, readText(1, 3), [
    ['abc', 'abc'],
    ['', /empty/],
    [null, /empty/],
    ['abcd', /longer than 3/],
    ['a\0', /NUL/],
    ['\ud800', /Unicode/]
  ])
  check(t, readText(0, 3), [
    [null, null],
    ['', '']
  ])
  check(t, readText(1, 3), [
    ['😀😀😀', '😀😀😀'],
    ['😀😀😀😀', /longer than 3/]
  ])
})

t.test('lengths are counted as the API counts them', async () => {
  const ajv = new Ajv()
  const limit = 8
  const accepts = ajv.compile({ type: 'string', maxLength: limit })
  const text = fc.string({ unit: 'binary', maxLength: 2 * limit + 2, size: 'max' })
  fc.assert(fc.property(text, (text) => isLonger(text, limit) !== accepts(text)))
})

t.test('a column reads by its type, then by its own check', async (t) => {
  const refuse = (value: string) => (value === 'no' ? 'is no' : null)
  const text = { name: 'x', type: 'text', maxLength: 3, refuse } as const
  check(t, createReader(text), [
    ['yes', 'yes'],
    ['no', /^is no$/],
    ['long', /longer than 3/],
    ['', ''],
    [null, null]
  ])
  check(t, createReader({ ...text, isRequired: true }), [['', /empty/]])
  check(t, createReader({ ...text, isMade: true }), [['', null]])
  check(t, createReader({ name: 'x', type: 'bigint', refersTo: 'users' }), [
    ['', null],
    ['x', /not an id/]
  ])
})

t.test('details are a JSON object that jsonb can hold, kept to the letter', async (t) => {
  const deep = `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`
  check(t, readDetails, [
    [null, '{}'],
    ['', '{}'],
    ['{"n": 12345678901234567890.10}', '{"n": 12345678901234567890.10}'],
    ['{"a":"\\u00e9"}', '{"a":"\\u00e9"}'],
    ["{'a': 1}", /not JSON/],
    ['{"a":', /not JSON/],
    ['[]', /not a JSON object/],
    ['"text"', /not a JSON object/],
    ['null', /not a JSON object/],
    ['{"a":"\\u0000"}', /NUL/],
    ['{"a":"\\ud800"}', /half/],
    [deep, /deep/]
  ])
})
