import fc from 'fast-check'
import t from 'tap'
import { guard, unguard } from './csv.ts'

t.test('no cell begins like a formula, nor does what follows another separator', async (t) => {
  for (const [text, shown] of [
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-2+3', "'-2+3"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t'=1"],
    ['\r=1', "'\r'=1"],
    ['＝1', "'＝1"],
    ["'=1", "''=1"],
    ['a;=1;@b', "a;'=1;'@b"],
    ['line\n=1', "line\n'=1"],
    ['1=1', '1=1'],
    ["it's - fine", "it's - fine"],
    ['https://example.com/?a=1&b=-1', 'https://example.com/?a=1&b=-1'],
    ['', '']
  ])
    t.equal(guard(text as string), shown)
})

t.test('any text is restored, and is never a formula while guarded', async () => {
  const parts = fc.array(fc.constantFrom("'", '=', '-', '@', '\t', '\r', '\n', ';', ',', 'a', '＝'), {
    maxLength: 12
  })
  const text = fc.oneof(
    fc.string(),
    parts.map((some) => some.join(''))
  )
  fc.assert(
    fc.property(text, (one) => {
      const shown = guard(one)
      return unguard(shown) === one && !/(^|[;\t\r\n])[=+\-@\t\r\n＝＋－＠]/.test(shown)
    }),
    { numRuns: 2_000 }
  )
})
