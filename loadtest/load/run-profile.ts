import { setTimeout as wait } from 'node:timers/promises'
import type { Request } from 'autocannon'
import { autocannonRun, type Burst, toRequest } from '#loadtest/autocannon-run.ts'
import {
  createZipf,
  makeAsk,
  type Phase,
  type Profile,
  pickKind,
  type Target
} from '#loadtest/k6/profiles.ts'
import { createLatencies } from '#loadtest/latencies.ts'
import { createRandom } from '#loadtest/links.ts'

/** The outcome of a profile; times in milliseconds. */
export interface Load {
  bursts: Burst[]
  answers: number
  rps: number
  /** Answers by status. */
  statuses: Record<string, number>
  /** Requests without the expected answer. */
  failures: number
  p50: number
  p95: number
  p99: number
  max: number
  /** The thresholds that were exceeded, as text. */
  broken: string[]
}

/**
 * Requests created in advance for each user, then repeated, so that choosing one costs nothing during the
 * measurement.
 */
const REQUESTS_PER_USER = 200
/**
 * autocannon lets each connection send all requests of a second at its beginning. Groups that start one after
 * the other spread them.
 */
const GROUPS = 100

/** Runs `profile` against the server at `url`, over `targets`, the most popular first. */
export async function runProfile(profile: Profile, url: string, targets: Target[]): Promise<Load> {
  const random = createRandom(7)
  const pickTarget = createZipf(targets.length)
  const makeRequests = (): Request[] =>
    Array.from({ length: REQUESTS_PER_USER }, () => {
      const target = targets[pickTarget(random())] ?? { id: 0, code: '' }
      return toRequest(makeAsk(pickKind(profile.mix, random()), target, random()))
    })

  const bursts: Burst[] = []
  for (const phase of profile.phases) bursts.push(...(await runPhase(profile, phase, url, makeRequests)))
  return summarize(profile, bursts)
}

function runPhase(
  profile: Profile,
  { users, seconds }: Phase,
  url: string,
  requests: () => Request[]
): Promise<Burst[]> {
  const { pace } = profile
  if (pace === undefined) return Promise.all([autocannonRun({ url, seconds, connections: users, requests })])
  const groups = Math.min(GROUPS, users)
  return Promise.all(
    Array.from({ length: groups }, async (_, group) => {
      const connections = Math.floor(users / groups) + (group < users % groups ? 1 : 0)
      await wait((group * 1_000) / groups)
      return autocannonRun({ url, seconds, connections, requests, ratePerConnection: pace })
    })
  )
}

function summarize(profile: Profile, bursts: Burst[]): Load {
  const expected = new Set(
    Object.keys(profile.mix).map((kind) =>
      String(makeAsk(kind as Parameters<typeof makeAsk>[0], { id: 1, code: '' }, 0).status)
    )
  )
  const answers = bursts.reduce((sum, one) => sum + one.answers, 0)
  const statuses: Record<string, number> = {}
  for (const burst of bursts) {
    for (const [status, count] of Object.entries(burst.statuses))
      statuses[status] = (statuses[status] ?? 0) + count
  }
  const wrong = Object.entries(statuses).reduce(
    (sum, [status, count]) => sum + (expected.has(status) ? 0 : count),
    0
  )
  const failures = wrong + bursts.reduce((sum, one) => sum + one.errors, 0)
  const latencies = createLatencies()
  for (const burst of bursts) latencies.merge(burst.latencies)
  const seconds = profile.phases.reduce((sum, phase) => sum + phase.seconds, 0)
  const load = {
    bursts,
    answers,
    rps: answers / seconds,
    statuses,
    failures,
    p50: latencies.percentile(0.5),
    p95: latencies.percentile(0.95),
    p99: latencies.percentile(0.99),
    max: latencies.maxMs
  }
  return { ...load, broken: check(profile, load) }
}

function check({ thresholds }: Profile, load: Omit<Load, 'broken'>): string[] {
  const broken: string[] = []
  const share = load.answers === 0 ? 1 : load.failures / load.answers
  if (share > thresholds.errors) broken.push(`${load.failures} of ${load.answers} requests failed`)
  if (load.p95 > thresholds.p95Ms) broken.push(`p95 ${load.p95.toFixed(1)} ms > ${thresholds.p95Ms} ms`)
  if (thresholds.p99Ms !== undefined && load.p99 > thresholds.p99Ms)
    broken.push(`p99 ${load.p99.toFixed(1)} ms > ${thresholds.p99Ms} ms`)
  return broken
}
