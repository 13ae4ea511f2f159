import t from 'tap'
import { missing } from '#testing/programs.ts'
import { checkLedger } from './audit.ts'
import { faults, pickFaults } from './faults.ts'
import { openLedger } from './ledger.ts'
import { combine, describe, format, type Run, renew, type Score, tabulate } from './scorecard.ts'
import { whyNoDisks } from './testbed.ts'

/** Scores computed from counts. */

const answer = { status: 302, headers: {}, body: '', ms: 1, sends: 1 }
const noUrls = async <Row extends object>() => [{ made: '0' }] as unknown as Row[]

t.test('finds lost, duplicate and unanswered clicks', async (t) => {
  const ledger = openLedger('book')
  for (let at = 0; at < 6; at++) ledger.enter('follow')
  for (const at of [0, 1, 2]) ledger.answered(at, answer, null)
  ledger.answered(3, { ...answer, sends: 2 }, null)
  ledger.unanswered(4, { name: 'NoAnswer', message: 'reset', sends: 1 })
  ledger.answered(5, { ...answer, status: 503 }, '503')
  // 0 is lost, 1 fine, 2 counted twice, 3 sent again by the client, 4 never answered, 5 refused.
  const events = new Map([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 1]
  ])
  const audit = await checkLedger(ledger, events, noUrls)
  t.same(audit, { answers: 4, events: 6, lost: 1, unheard: 2, duplicates: 1, unmade: 0 })
  t.same(ledger.counts.follow, { asked: 6, failed: 2 })
  t.match(ledger.failures, [/follow 4: reset/, /follow 5: 503/])
})

t.test('a created link that is not stored is found', async (t) => {
  const ledger = openLedger('book')
  ledger.created.push(7)
  t.match(await checkLedger(ledger, new Map(), noUrls), { unmade: 1 })
})

const scores: Score[] = [
  {
    name: 'one',
    what: 'It breaks.',
    verdict: 'broken',
    invariants: [
      { what: 'no follow fails: 1 of 9', holds: false },
      { what: 'all else', holds: true }
    ],
    notes: [],
    seconds: 3,
    recoverySeconds: 1.25,
    counts: {
      follow: { asked: 9, failed: 1 },
      fresh: { asked: 0, failed: 0 },
      create: { asked: 0, failed: 0 }
    },
    arrivals: { FairleadDown: 12.4, RedisDown: null },
    failures: ['0.1 s follow 3: 502']
  },
  { name: 'two', what: 'It needs root.', verdict: 'not run', invariants: [], notes: ['it takes root'] }
]

const run: Run = {
  measuredAt: '2026-01-01',
  cores: 2,
  node: '24',
  replicas: 3,
  requestsPerSecond: 200,
  connections: 500,
  minutes: 20,
  scores
}

t.test('a repeated fault keeps its place, and a new one comes last', async (t) => {
  const two = { ...(scores[1] as Score), verdict: 'held' as const }
  const { scores: renewed } = renew(run, [two, { ...two, name: 'three' }])
  t.same(
    renewed.map(({ name, verdict }) => `${name} ${verdict}`),
    ['one broken', 'two held', 'three held']
  )
})

t.test('the scorecard lists broken invariants and skipped faults', async (t) => {
  const table = tabulate(scores)
  t.equal(table.split('\n').length, 4)
  t.match(table, /\| one \| broken \| 1 of 9 \|.*\| 1\.\d \| FairleadDown 12, RedisDown never \|/)
  const text = describe(run)
  t.match(text, /^2 faults: 0 held, 1 broken, 1 not run\./)
  t.match(text, /200 requests a second over 500 connections, 3 replicas/)
  t.match(text, /- `one`: not so: no follow fails: 1 of 9/)
  t.notMatch(text, /not so: all else/)
  t.match(text, /- `two`: It needs root\. it takes root\./)
  t.match(format(scores[0] as Score), /broken +one .*\n {2}not so: no follow.*\n {2}0\.1 s follow 3: 502/)
})

t.test('a repeated fault holds only if each run held', async (t) => {
  const one = { ...(scores[0] as Score), notes: [] }
  const held = { ...one, verdict: 'held' as const }
  t.match(combine([held, held]), { verdict: 'held', notes: ['It held 2 of 2 times'] })
  t.match(combine([held, one, held]), { verdict: 'broken', notes: ['It held 2 of 3 times'] })
  t.same(combine([held]), held)
})

t.test(
  'every fault can run on a machine where all programs are installed',
  { skip: missing('faketime') },
  async (t) => {
    const reasons = faults.map(({ isImpossible }) => isImpossible?.() ?? null)
    // Disks need root, which no package provides.
    t.same(
      reasons.filter((reason) => reason !== null && reason !== whyNoDisks()),
      []
    )
  }
)

t.test('there are enough faults, each with a name of its own, and the short run has six', async (t) => {
  t.ok(faults.length >= 25, `${faults.length} faults`)
  t.equal(new Set(faults.map(({ name }) => name)).size, faults.length)
  for (const { name, what } of faults) {
    t.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/)
    t.match(what, /\.$/, name)
  }
  t.equal(faults.filter(({ isSmoke }) => isSmoke).length, 6)
  t.same(
    pickFaults(['redis-kill']).map(({ name }) => name),
    ['redis-kill']
  )
  t.throws(() => pickFaults(['redis-kil']), /no fault redis-kil/)
})
