import t from 'tap'
import { makeCases } from './cases.ts'
import { measureCase } from './pairs.ts'
import { formatOutcome } from './report.ts'

t.test('a failed start voids the case and names the cause', async (t) => {
  const [bench] = makeCases(['code'], [])
  if (bench === undefined) throw new Error('There are no cases')
  const begin = () =>
    Promise.reject(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:1') }))
  const outcome = await measureCase(bench, begin, { starts: 2, rounds: 1, seconds: 1, connections: 1 })
  t.match(formatOutcome(outcome), /VOID: start 1 failed: fetch failed: .*ECONNREFUSED 127\.0\.0\.1:1$/)
  t.equal(outcome.pairs, 0)
})
