import fc from 'fast-check'
import t from 'tap'
import { decodeCopyRow, encodeCopyRow } from './copy-text.ts'

t.test('a row is one line, and decodes to what was encoded', async (t) => {
  const cell = fc.option(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.constantFrom('\\', '\\N', 'N', 'n', '\n', '\r', '\t')).map((parts) => parts.join(''))
    )
  )
  fc.assert(
    fc.property(fc.array(cell, { minLength: 1 }), (values) => {
      const text = encodeCopyRow(7, values)
      t.equal(text.indexOf('\n'), text.length - 1)
      t.strictSame(decodeCopyRow(text.slice(0, -1)), ['7', ...values])
    })
  )
})
