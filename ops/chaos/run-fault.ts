import { setTimeout as wait } from 'node:timers/promises'
import { readMetric } from '#loadtest/links.ts'
import { until } from '#testing/until.ts'
import { type AlertWatch, waitForCalm, watchAlerts } from './alerts.ts'
import { checkLedger, findLost, readEvents } from './audit.ts'
import type { Context, Fault } from './fault.ts'
import { KINDS, type Ledger } from './ledger.ts'
import type { Invariant, Score } from './scorecard.ts'
import type { Testbed } from './testbed.ts'

/** Runs one fault, from a healthy stack to a healthy stack, and records which invariants held. */

const ALERT_MS = 60_000
const CALM_MS = 60_000
const RECOVER_MS = 10_000
/** The stack has recovered after this long without a failure. */
const QUIET_MS = 2_000
const DRAIN_MS = 60_000
const WARM_UP_REQUESTS = 200

/**
 * Runs `fault` on `testbed`; clicks get `drainMs` to be stored. A fault that could not be caused scores as
 * one whose invariants did not hold.
 */
export async function runFault(fault: Fault, testbed: Testbed, drainMs = DRAIN_MS): Promise<Score> {
  const { stack, load } = testbed
  const score = { name: fault.name, what: fault.what, notes: [] as string[], invariants: [] as Invariant[] }
  const impossible = fault.isImpossible?.() ?? null
  if (impossible !== null) return { ...score, verdict: 'not run', notes: [impossible] }
  const expected = stack.watchers === null ? [] : (fault.alerts ?? [])
  if (stack.watchers && expected.length > 0) await waitForCalm(stack.watchers, expected, CALM_MS)
  const [row] = await testbed.query<{ last: string }>('SELECT coalesce(max(id), 0) AS last FROM events')
  // The previous fault may have emptied caches.
  await testbed.warm()
  // A fault may run again. Late clicks of the previous run must not count for this one.
  const ledger = load.open(`${fault.name}.${Date.now().toString(36)}`)
  load.resume()
  const check = (what: string, holds: boolean) => void score.invariants.push({ what, holds })
  await load.more(WARM_UP_REQUESTS)
  const alerts = stack.watchers && watchAlerts(stack.watchers, expected)

  const context: Context = {
    ...testbed,
    check,
    note: (what) => void score.notes.push(what),
    async hold(ms) {
      await Promise.all([wait(ms), alerts?.wait(ALERT_MS)])
    },
    until: async (what, isSo, ms) => {
      await until(isSo, Boolean, ms).catch((error: Error) => {
        throw new Error(`${what}: ${error.message}`)
      })
    }
  }
  const startedAt = performance.now()
  try {
    await fault.run(context)
  } catch (error) {
    check(`it could be done: ${(error as Error).message}`, false)
  }
  const endedAt = performance.now()
  const recoverWithin = fault.recoverWithinMs ?? RECOVER_MS
  const recoveryMs = await recover(testbed, ledger, endedAt, recoverWithin)
  await alerts?.wait(ALERT_MS - (performance.now() - startedAt))
  alerts?.stop()
  await load.pause()

  const events = await drain(testbed, ledger, Number(row?.last), drainMs)
  const audit = await checkLedger(ledger, events, testbed.query)
  score.invariants.unshift(
    ...checkRequests(fault, ledger),
    {
      what: `each answer is one event: ${audit.answers} answers, ${audit.lost} lost, ${audit.duplicates} counted twice, ${audit.unheard} events without a received answer`,
      holds: audit.duplicates === 0 && audit.lost === 0
    },
    { what: `each created link is stored (${ledger.created.length})`, holds: audit.unmade === 0 },
    {
      what: `recovers within ${recoverWithin / 1_000} s`,
      holds: recoveryMs <= recoverWithin
    },
    ...judgeAlerts(alerts)
  )
  return {
    ...score,
    verdict: score.invariants.every(({ holds }) => holds) ? 'held' : 'broken',
    seconds: (endedAt - startedAt) / 1_000,
    recoverySeconds: recoveryMs / 1_000,
    counts: ledger.counts,
    audit,
    p99: ledger.latencies.percentile(0.99),
    slowest: ledger.latencies.maxMs,
    arrivals: alerts?.arrivals ?? {},
    otherAlerts: alerts?.others ?? [],
    failures: ledger.failures
  }
}

/**
 * Waits until all programs are up and no request has failed for a while. Returns the delay from `endedAt` to
 * that start.
 */
async function recover(testbed: Testbed, ledger: Ledger, endedAt: number, ms: number): Promise<number> {
  const isUp = () => testbed.stack.units.every(({ state }) => state === 'up')
  let upAt = endedAt
  for (;;) {
    const now = performance.now()
    if (!isUp()) upAt = now
    const since = Math.max(upAt, endedAt, ledger.lastFailureAt)
    if (now - since >= QUIET_MS) return since - endedAt
    if (now - endedAt > ms + QUIET_MS) return now - endedAt
    await wait(20)
  }
}

/** Waits until all answers are stored and no click is pending. Returns the stored events. */
async function drain(
  testbed: Testbed,
  ledger: Ledger,
  since: number,
  ms: number
): Promise<Map<number, number>> {
  for (const deadline = performance.now() + ms; ; await wait(250)) {
    const isEmpty =
      Number(await testbed.redis('XLEN', 'fairlead:clicks')) === 0 && !(await hasSpooled(testbed))
    const events = await readEvents(testbed.query, ledger.label, since)
    if ((isEmpty && findLost(ledger, events).length === 0) || performance.now() > deadline) return events
  }
}

/** True if the local log of a replica has clicks, or the replica does not report it. */
async function hasSpooled({ stack }: Testbed): Promise<boolean> {
  const waiting = await Promise.all(
    stack.replicas.map(({ unit }) => readMetric(unit.url, 'fairlead_clicks_log_bytes').catch(() => 1))
  )
  return waiting.some((bytes) => bytes > 0)
}

function checkRequests({ mayFail }: Fault, { counts }: Ledger): Invariant[] {
  return KINDS.filter((kind) => !mayFail?.kinds.includes(kind)).map((kind) => ({
    what: `no ${kind} fails: ${counts[kind].failed} of ${counts[kind].asked}`,
    holds: counts[kind].failed === 0
  }))
}

function judgeAlerts(alerts: AlertWatch | null): Invariant[] {
  return Object.entries(alerts?.arrivals ?? {}).map(([name, seconds]) => ({
    what: `${name} is heard of within 60 s${seconds === null ? '' : `: after ${seconds.toFixed(1)} s`}`,
    holds: seconds !== null && seconds <= ALERT_MS / 1_000
  }))
}
