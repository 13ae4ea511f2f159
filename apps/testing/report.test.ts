import t from 'tap'
import { createFilter, readTotals } from './report.ts'

const REPORT = `TAP version 14
# Subtest: apps/good.test.ts
    ok 1 - fine
    1..1
ok 1 - apps/good.test.ts # time=5ms

# Subtest: apps/bad.test.ts
    # Subtest: works
        ok 1 - fine
        1..1
    ok 1 - works # time=5ms

    # Subtest: breaks
        ok 1 - fine
        not ok 2 - same
          ---
          source: |
            ...
            ok 1 - not a test point
          ...
        1..2
    not ok 2 - breaks # time=5ms
      ---
      at: here
      ...
    1..2
not ok 2 - apps/bad.test.ts # time=5ms
  ---
  exitCode: 1
  ...
# Subtest: apps/crash.test.ts
    1..0
not ok 3 - apps/crash.test.ts # time=5ms
  ---
  exitCode: 3
  ...
a word from a test
Bail out! enough
# { total: 6, pass: 3, fail: 2, skip: 1 }
# time=9ms`

t.test('a report shrinks to a line for each file, and the failures', async (t) => {
  const keep = createFilter()
  t.same(REPORT.split('\n').flatMap(keep), [
    'ok 1 - apps/good.test.ts # time=5ms',
    '    # Subtest: breaks',
    '        not ok 2 - same',
    '          ---',
    '          source: |',
    '            ...',
    '            ok 1 - not a test point',
    '          ...',
    '    not ok 2 - breaks # time=5ms',
    'not ok 2 - apps/bad.test.ts # time=5ms',
    'not ok 3 - apps/crash.test.ts # time=5ms',
    '  ---',
    '  exitCode: 3',
    '  ...',
    'a word from a test',
    'Bail out! enough'
  ])
})

t.test('the totals are those of the last line', async (t) => {
  t.same(readTotals(REPORT), { passed: 3, failed: 2, skipped: 1 })
  t.same(readTotals('# { total: 2, pass: 2 }'), { passed: 2, failed: 0, skipped: 0 })
  t.same(readTotals('# { total: 2, pass: 1, todo: 1 }'), { passed: 1, failed: 0, skipped: 1 })
  t.same(readTotals('nothing'), { passed: 0, failed: 0, skipped: 0 })
})
