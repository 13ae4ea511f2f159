import { mock } from 'node:test'
import { setImmediate as settle } from 'node:timers/promises'
import * as prometheus from '@prometheus-io/client'
import Fastify from 'fastify'
import fp from 'fastify-plugin'
import t, { type Test } from 'tap'
import maintenance, { type MaintenanceReport } from './maintenance.ts'

/** When scheduled maintenance runs, with a clock that the test sets. */

const NOON = Date.parse('2040-03-01T12:00:00Z')
const DONE = { dropped: [] }

interface Outcome {
  /** The report of each run; an error that it throws instead. */
  answer: MaintenanceReport | Error | null
}

/** Starts an app with scheduled work, whose database has the clock of the test. */
async function start(t: Test, outcome: Outcome) {
  mock.timers.enable({ apis: ['setInterval', 'Date'], now: NOON })
  t.teardown(() => mock.timers.reset())
  const log: { level: number; msg: string }[] = []
  const stream = { write: (line: string) => void log.push(JSON.parse(line)) }
  const app = Fastify({ logger: { level: 'info', stream } })
  t.teardown(() => app.close())
  let skewMs = 0
  const query = async () => ({ rows: [{ now: String(Date.now() + skewMs) }] })
  const client = { ...prometheus, register: new prometheus.Registry() }
  const provide = (name: string, value: unknown) =>
    app.register(fp(async (app) => void app.decorate(name, value), { name }))
  await provide('metrics', { client })
  await provide('database', { pool: { query } })
  await app.register(maintenance)

  const runs: string[] = []
  app.maintenance.schedule(async () => {
    runs.push(new Date().toISOString().slice(0, 16))
    if (outcome.answer instanceof Error) throw outcome.answer
    return outcome.answer
  }, 'work failed')
  await app.ready()

  return {
    log,
    setSkew: (ms: number) => {
      skewMs = ms
    },
    /** Returns the times of the runs since the last call, in UTC. */
    takeRuns: () => runs.splice(0).map((time) => time.slice(11)),
    async pass(minutes: number) {
      for (let minute = 0; minute < minutes; minute++) {
        mock.timers.tick(60_000)
        await settle()
      }
    }
  }
}

t.test('work runs at the start, every six hours and six times after midnight', async (t) => {
  const { pass, takeRuns } = await start(t, { answer: DONE })
  t.same(takeRuns(), ['12:00'], 'the start waits for it')
  await pass(24 * 60)
  t.same(takeRuns(), ['18:00', '00:00', '00:01', '00:02', '00:03', '00:04', '00:05', '06:00', '12:00'])
})

t.test('work that fails, or that another replica is doing, runs again a minute later', async (t) => {
  const outcome: Outcome = { answer: new Error('locked') }
  const { pass, takeRuns, log } = await start(t, outcome)
  await pass(2)
  outcome.answer = null
  await pass(2)
  outcome.answer = { dropped: ['events_2020_01'] }
  await pass(10)
  t.same(takeRuns(), ['12:00', '12:01', '12:02', '12:03', '12:04', '12:05'])
  t.match(
    log.map(({ level, msg }) => `${level} ${msg}`),
    [...Array.from({ length: 3 }, () => '40 work failed'), '30 expired partitions dropped']
  )
})

t.test('refused work runs again as soon as the clocks agree', async (t) => {
  const { pass, takeRuns, setSkew, log } = await start(t, { answer: DONE })
  setSkew(3_600_000)
  await pass(12 * 60 + 30)
  t.same(takeRuns(), ['12:00'])
  setSkew(0)
  await pass(10)
  t.same(takeRuns(), ['00:31', '00:32', '00:33', '00:34', '00:35', '00:36'])
  t.equal(log.filter(({ msg }) => msg.startsWith('maintenance refused')).length, 1)
})
