import { setTimeout as wait } from 'node:timers/promises'
import { readMetric } from '#loadtest/links.ts'
import type { MeasuredProcess } from '#loadtest/measured.ts'
import { median } from '#loadtest/median.ts'
import { fire, type Volley } from '#loadtest/volley.ts'
import type { Case } from './cases.ts'

const SETTLE_TIMEOUT_MS = 5_000

/** One burst with what it cost the server. */
export interface Sample extends Volley {
  /** CPU time of the server for one request, in microseconds, what was left to do after it included. */
  cpuMicros: number
  memoryMiB: number
}

/** What a case came to: each number is the median over the rounds. */
export interface Outcome {
  name: string
  title: string
  rps: number
  cpuMicros: number
  p50: number
  p95: number
  p99: number
  max: number
  memoryMiB: number
  /** For each reference the medians of the ratios within a round: ours by the reference's. */
  ratios: Record<string, { rps: number; cpu: number }>
  bars: Case['bars'] | null
  /** What kept the case from being measured, or what makes its figures doubtful. */
  problem: string | null
  samples: Record<string, Sample[]>
}

export interface PairOptions {
  /** How often all processes are started anew. */
  starts: number
  /** Turns of each start. */
  rounds: number
  seconds: number
  connections: number
}

/** The processes of one start. */
export interface Cast {
  subject: MeasuredProcess
  references: Map<string, MeasuredProcess>
  end(): Promise<void>
}

/**
 * Measures a server and its references in turns, forwards and backwards (A B, B A, …), so that each meets the same
 * machine; a ratio is always of two bursts of one round. `begin` starts them and is
 * told which start it is, from 0: where the parts of a process come to lie in memory makes it faster or slower by a tenth for all its
 * life, so one start of each would compare luck.
 */
export async function measureCase(
  bench: Case,
  begin: (start: number) => Promise<Cast>,
  options: PairOptions
): Promise<Outcome> {
  const names = ['fairlead', ...bench.references]
  const samples: Record<string, Sample[]> = Object.fromEntries(names.map((name) => [name, []]))
  let proven = 0
  for (let start = 0; start < options.starts; start++) {
    const cast = await begin(start)
    try {
      proven += await measureCast(bench, cast, options, samples, start)
    } finally {
      await cast.end()
    }
  }
  const ours = samples['fairlead'] ?? []
  return {
    name: bench.name,
    title: bench.title,
    ...summarize(ours),
    ratios: Object.fromEntries(
      bench.references.map((name) => [name, compare(ours, samples[name] ?? [])] as const)
    ),
    bars: bench.bars ?? null,
    problem: findProblem(bench, ours, proven),
    samples
  }
}

/** Adds the samples of one start. Gives how many of the events that prove the case were counted. */
async function measureCast(
  bench: Case,
  { subject, references }: Cast,
  options: PairOptions,
  samples: Record<string, Sample[]>,
  start: number
): Promise<number> {
  const turns: [string, MeasuredProcess][] = [['fairlead', subject], ...references]
  await warmUp(bench, turns, options)
  const before = await countProof(bench, subject)
  for (let round = 0; round < options.rounds; round++) {
    for (const [name, server] of (start + round) % 2 === 0 ? turns : turns.toReversed()) {
      samples[name]?.push(await sample(bench, server, options))
    }
  }
  return (await countProof(bench, subject)) - before
}

/** Sends so many requests that each code was asked for and the functions are compiled, to the references fewer. */
async function warmUp(bench: Case, turns: [string, MeasuredProcess][], options: PairOptions): Promise<void> {
  for (const [name, server] of turns) {
    const enough = name === 'fairlead' ? bench.warmUp : bench.warmUp / 4
    for (let sent = 0, tries = 0; sent < enough && tries < 10; tries++) {
      sent += (await sample(bench, server, { ...options, seconds: 1.5 })).answers
    }
  }
}

async function sample(bench: Case, server: MeasuredProcess, options: PairOptions): Promise<Sample> {
  const before = await server.cpuSeconds()
  const volley = await fire({ ...options, url: server.url, requests: bench.requests })
  const cpuSeconds = (await settle(server)) - before
  const { nowMiB } = await server.memory()
  return { ...volley, cpuMicros: (cpuSeconds * 1e6) / volley.answers, memoryMiB: nowMiB }
}

/**
 * Waits until `server` has done what the burst left it to do, such as storing clicks, and gives its CPU time then: that
 * is part of what the requests cost.
 */
async function settle(server: MeasuredProcess): Promise<number> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS
  let last = await server.cpuSeconds()
  while (performance.now() < deadline) {
    await wait(250)
    const now = await server.cpuSeconds()
    if (now - last <= 0.02) return now
    last = now
  }
  return last
}

function summarize(samples: Sample[]) {
  const of = (field: 'rps' | 'cpuMicros' | 'p50' | 'p95' | 'p99' | 'max' | 'memoryMiB') =>
    median(samples.map((one) => one[field]))
  return {
    rps: of('rps'),
    cpuMicros: of('cpuMicros'),
    p50: of('p50'),
    p95: of('p95'),
    p99: of('p99'),
    max: Math.max(...samples.map((one) => one.max)),
    memoryMiB: Math.max(...samples.map((one) => one.memoryMiB))
  }
}

function compare(ours: Sample[], others: Sample[]): { rps: number; cpu: number } {
  const ratio = (field: 'rps' | 'cpuMicros') =>
    median(ours.map((one, round) => one[field] / (others[round]?.[field] ?? Number.NaN)))
  return { rps: ratio('rps'), cpu: ratio('cpuMicros') }
}

function findProblem(bench: Case, ours: Sample[], proven: number): string | null {
  const answers = ours.reduce((sum, one) => sum + one.answers, 0)
  const errors = ours.reduce((sum, one) => sum + one.errors, 0)
  const statuses = new Set(ours.flatMap((one) => Object.keys(one.statuses)))
  if (errors > 0) return `${errors} requests without an answer`
  if ([...statuses].some((status) => Number(status) !== bench.status))
    return `answers other than ${bench.status}: ${JSON.stringify(ours.map((one) => one.statuses))}`
  const share = proven / answers
  if (bench.proof && share < bench.proof.leastShare)
    return `the cache counted ${bench.proof.events} for only ${(share * 100).toFixed(1)} % of the answers`
  return null
}

async function countProof({ proof }: Case, server: MeasuredProcess): Promise<number> {
  const events = proof?.events ?? []
  const counts = events.map((one) => readMetric(server.url, 'fairlead_cache_events_total', `event="${one}"`))
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
}
