import t from 'tap'
import { missing } from '#testing/programs.ts'
import { pickFaults } from './faults.ts'
import { runFault } from './run-fault.ts'
import { startTestbed } from './testbed.ts'

/** Runs faults on a small stack without monitoring: scores invariants that hold and invariants that break. */

const skip = missing('postgres') || missing('redis-server') || missing('nginx')

t.test('a fault is caused, undone and scored', { skip }, async (t) => {
  const testbed = await startTestbed('linked', {
    replicas: 2,
    requestsPerSecond: 100,
    connections: 20,
    isLight: true
  })
  t.teardown(testbed.close)

  await t.test('a fault that the stack withstands holds', async (t) => {
    const [fault] = pickFaults(['replica-redis-cut'])
    if (!fault) throw new Error('there is no such fault')
    const run: typeof fault.run = async (context) => {
      await fault.run({ ...context, hold: async () => context.load.more(100) })
    }
    const score = await runFault({ ...fault, run }, testbed)
    t.equal(score.verdict, 'held', JSON.stringify([score.invariants, score.failures]))
    t.ok((score.audit?.answers ?? 0) >= 200, 'it was under load')
    t.equal(score.audit?.events, score.audit?.answers)
  })

  await t.test('a fault that the stack does not withstand is scored as broken', async (t) => {
    const score = await runFault(
      {
        name: 'clicks-deleted',
        what: 'Clicks are deleted behind its back.',
        testbed: 'linked',
        async run({ load, query, until }) {
          await load.pause()
          const stored = async () =>
            (
              await query(
                `DELETE FROM events WHERE details->>'referrer' LIKE '%clicks-deleted%' RETURNING id`
              )
            ).length
          await until('some are stored', async () => (await stored()) > 0)
          load.resume()
        }
      },
      testbed,
      2_000
    )
    t.equal(score.verdict, 'broken')
    t.ok((score.audit?.lost ?? 0) > 0)
  })

  await t.test('a fault that is impossible here is reported as such', async (t) => {
    const score = await runFault(
      {
        name: 'none',
        what: 'Nothing.',
        testbed: 'linked',
        isImpossible: () => 'it takes two machines',
        run: async () => undefined
      },
      testbed
    )
    t.match(score, { verdict: 'not run', notes: ['it takes two machines'] })
  })
})
