import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import t from 'tap'
import { formatCsvLine } from '#schema/shapes/csv.ts'
import { type CsvRecord, createCsvScanner } from './csv-reader.ts'

function readAll(text: string, chunkLength = text.length || 1): CsvRecord[] {
  const scan = createCsvScanner()
  const records: CsvRecord[] = []
  for (let at = 0; at < text.length; at += chunkLength)
    records.push(...scan(text.slice(at, at + chunkLength)))
  return [...records, ...scan('', true)]
}

const fields = (records: CsvRecord[]) => records.map((record) => record.fields)

/** Texts of CSV's special characters, mixed with arbitrary text. */
const field = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => text.isWellFormed()),
  fc
    .array(fc.constantFrom('"', ',', '\n', '\r', '\r\n', ' ', 'a', 'ü', '😀', '\\', '\t'), { maxLength: 8 })
    .map((parts) => parts.join(''))
)
const rows = fc.integer({ min: 1, max: 5 }).chain((width) =>
  fc.array(
    // A row of one empty unquoted field is a blank line, which the reader skips.
    fc
      .array(fc.option(field), { minLength: width, maxLength: width })
      .filter((row) => width > 1 || row[0] !== null),
    { maxLength: 12 }
  )
)

t.test('reads back any written text, in any chunks', async (t) => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 7 }), (written, chunkLength) => {
      // The first character of a file may be a byte order mark, which is not part of its text.
      const text = `x\n${written.map(formatCsvLine).join('')}`
      const read = readAll(text, chunkLength).slice(1)
      t.strictSame(fields(read), written)
    })
  )
})

t.test('reads what csv-parse reads, where both can', async (t) => {
  const document = fc
    .array(fc.constantFrom('"', '""', ',', '\n', '\r\n', 'a', 'b c', '"q"', ',"x, y",', '"l\nm"'), {
      maxLength: 30
    })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(document, (text) => {
      let expected: string[][]
      try {
        expected = parse(text, {
          relax_column_count: true,
          skip_empty_lines: true,
          record_delimiter: ['\r\n', '\n']
        })
      } catch {
        return
      }
      t.strictSame(
        readAll(text).map((record) => record.fault ?? record.fields.map((value) => value ?? '')),
        expected
      )
    }),
    { numRuns: 500 }
  )
})

t.test('gives the line on which each record starts', async (t) => {
  const text = 'a,b\r\n\r\n1,"two\nlines"\n\n2,"x\r\ny\r\n"\n3,z'
  t.strictSame(
    readAll(text).map(({ line }) => line),
    [1, 3, 6, 9]
  )
})

t.test('distinguishes empty text from null', async (t) => {
  t.strictSame(fields(readAll('a,"",\n"",b,""')), [
    ['a', '', null],
    ['', 'b', '']
  ])
})

t.test('leaves out a byte order mark', async (t) => {
  t.strictSame(fields(readAll('\uFEFFid,name\n')), [['id', 'name']])
  t.strictSame(fields(readAll('\uFEFF"id",name\n', 1)), [['id', 'name']])
})

t.test('keeps quotes inside a field that has none around it', async (t) => {
  t.strictSame(fields(readAll('5" disk,say "hi"\n')), [['5" disk', 'say "hi"']])
})

t.test('a broken row costs its own line only', async (t) => {
  const good = ['4,ok,"fi,ne"', '5,ok,fine', '']
  for (const broken of ['2,"bad"x,y', '2,"bad,y', '2,"bad""y', '2,a,"']) {
    const text = ['id,a,b', '1,x,y', broken, ...good].join('\n')
    for (const chunkLength of [1, 3, 1000]) {
      const read = readAll(text, chunkLength)
      t.strictSame(
        read.map(({ line, fault }) => [line, fault !== null]),
        [
          [1, false],
          [2, false],
          [3, true],
          [4, false],
          [5, false]
        ],
        `${broken} in pieces of ${chunkLength}`
      )
    }
  }
})

t.test('the last row may lack its line end', async (t) => {
  for (const last of ['1,2', '1,"2"', '1,', '1,""']) t.equal(readAll(`a,b\n${last}`).length, 2, last)
  t.strictSame(fields(readAll('a,b\r\n1,2\r')), [
    ['a', 'b'],
    ['1', '2']
  ])
  t.strictSame(readAll(''), [])
})

t.test('rejects a record above the limit, and continues after its line', async (t) => {
  const scan = createCsvScanner()
  const megabyte = 'x'.repeat(1024 * 1024)
  const records = [...scan('a\n"')]
  for (let count = 0; count < 20; count++) records.push(...scan(megabyte))
  records.push(...scan('\nb\n'), ...scan('', true))
  t.match(records, [
    { line: 1, fault: null },
    { line: 2, fault: 'the row is too long' },
    { line: 3, fields: ['b'] }
  ])
  t.equal(records.length, 3)
})

t.test('rejects a row of too many fields', async (t) => {
  t.match(readAll(`a\n${','.repeat(10_000)}\nb\n`), [
    { line: 1 },
    { line: 2, fault: /fields/ },
    { line: 3, fields: ['b'] }
  ])
})
