import t from 'tap'
import { listFailures, readTotals } from './report.ts'

const REPORT = `TAP version 14
# Subtest: is fine
    # Subtest: is fine, too
        ok 1 - fine
        1..1
    ok 1 - is fine, too # time=5ms
    1..1
ok 1 - is fine # time=5ms

# Subtest: contains others
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
not ok 2 - contains others # time=5ms
  ---
  at: here
  ...
a word from a test
Bail out! enough
# { total: 6, pass: 3, fail: 2, skip: 1 }
# time=9ms`.split('\n')

const CRASH = `TAP version 14
# Subtest: never begins
    1..0
not ok 1 - never begins # time=5ms
  ---
  exitCode: 3
  ...`.split('\n')

t.test('a report shrinks to the failures and the output of the tests', async (t) => {
  t.same(listFailures(REPORT), [
    '# Subtest: contains others',
    '    # Subtest: breaks',
    '        not ok 2 - same',
    '          ---',
    '          source: |',
    '            ...',
    '            ok 1 - not a test point',
    '          ...',
    '    not ok 2 - breaks # time=5ms',
    'not ok 2 - contains others # time=5ms',
    'a word from a test',
    'Bail out! enough'
  ])
})

t.test('a failed test without a failed assertion keeps its diagnostics', async (t) => {
  t.same(listFailures(CRASH), ['not ok 1 - never begins # time=5ms', '  ---', '  exitCode: 3', '  ...'])
})

t.test('the totals are those of the last line', async (t) => {
  t.same(readTotals(REPORT), { passed: 3, failed: 2, skipped: 1 })
  t.same(readTotals(['# { total: 2, pass: 2 }']), { passed: 2, failed: 0, skipped: 0 })
  t.same(readTotals(['# { total: 2, pass: 1, todo: 1 }']), { passed: 1, failed: 0, skipped: 1 })
  t.same(readTotals(['nothing']), { passed: 0, failed: 0, skipped: 0 })
})
