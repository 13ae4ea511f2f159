import { autocannonRun, type Burst } from '#loadtest/autocannon-run.ts'
import { readMetric } from '#loadtest/links.ts'
import type { MeasuredProcess } from '#loadtest/measured.ts'
import { median } from '#loadtest/median.ts'
import { readPssMiB, settle } from '#loadtest/process-tree.ts'
import { awaitClicks, countClicks, readClickStats } from '#loadtest/stored.ts'
import type { Case } from './cases.ts'
import { requestsOf, seenBy } from './seen-by.ts'
import { type Ratio, spreadOf } from './spread.ts'

const WARM_UP_BURSTS = 10

/** One burst with its cost to the server. */
export interface Sample extends Burst {
  /** CPU time of the server per request, in microseconds, including the work after the burst. */
  cpuMicros: number
  /** Proportional set size of the server and its child processes. */
  memoryMiB: number
  /** For an embedded case: the clicks stored, and the time from the end of the load to the last of them. */
  stored: number | null
  lagMs: number
}

/** The outcome of a case: each number is the median over the rounds. */
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
  lagMs: number
  pairs: number
  /** For each reference, the ratios within a round: ours divided by the reference's. */
  ratios: Record<string, { rps: Ratio; cpu: Ratio }>
  /** The median time of one fdatasync on the disk of the data folders; null if no bar needs it. */
  fdatasyncMs: number | null
  bars: Case['bars'] | null
  /** Why the case could not be measured, or why its figures are doubtful. */
  problem: string | null
  samples: Record<string, Sample[]>
}

export interface PairOptions {
  /** Number of starts of all processes. */
  starts: number
  /** Rounds per start. */
  rounds: number
  seconds: number
  connections: number
}

/** The processes of one start. */
export interface Processes {
  subject: MeasuredProcess
  references: Map<string, MeasuredProcess>
  end(): Promise<void>
}

/**
 * Measures a server and its references alternately, forwards and backwards (A B, B A, …), so that conditions
 * are equal. A ratio always compares two bursts of one round. `begin` starts the processes; its argument
 * counts the starts from 0. Memory layout makes a process faster or slower by a tenth for its whole life. So
 * a single start of each would compare luck.
 */
export async function measureCase(
  bench: Case,
  begin: (start: number) => Promise<Processes>,
  options: PairOptions
): Promise<Outcome> {
  const names = ['fairlead', ...bench.references]
  const samples: Record<string, Sample[]> = Object.fromEntries(names.map((name) => [name, []]))
  const failures: string[] = []
  let proven = 0
  for (let start = 0; start < options.starts; start++) {
    try {
      proven += await measureStart(bench, begin, options, samples, start)
    } catch (error) {
      const { message, cause } = error as Error
      failures.push(`start ${start + 1} failed: ${[message, cause].filter(Boolean).join(': ')}`)
    }
  }
  const ours = samples['fairlead'] ?? []
  const checked = ['fairlead', ...(bench.hasPeers ? bench.references : [])]
  return {
    name: bench.name,
    title: bench.title,
    ...summarize(ours),
    pairs: ours.length,
    ratios: Object.fromEntries(
      bench.references.map((name) => [name, compare(ours, samples[name] ?? [], options.rounds)] as const)
    ),
    fdatasyncMs: null,
    bars: bench.bars ?? null,
    problem:
      failures[0] ??
      checked.map((name) => findProblem(seenBy(bench, name), samples[name] ?? [], options)).find(Boolean) ??
      findDoubt(bench, ours, proven),
    samples
  }
}

/**
 * Adds the samples of one start, or none if it fails: a ratio needs both bursts of a round. Returns how many
 * of the events that prove the case were counted.
 */
async function measureStart(
  bench: Case,
  begin: (start: number) => Promise<Processes>,
  options: PairOptions,
  samples: Record<string, Sample[]>,
  start: number
): Promise<number> {
  const processes = await begin(start)
  try {
    const { added, proven } = await measureProcesses(bench, processes, options, start)
    for (const [name, sample] of added) samples[name]?.push(sample)
    return proven
  } finally {
    await processes.end()
  }
}

async function measureProcesses(
  bench: Case,
  { subject, references }: Processes,
  options: PairOptions,
  start: number
) {
  const added: [name: string, Sample][] = []
  const forward: [string, MeasuredProcess][] = [['fairlead', subject], ...references]
  const turns = start % 2 === 0 ? forward : forward.toReversed()
  await warmUp(bench, turns, options)
  const before = await countProof(bench, subject)
  for (let round = 0; round < options.rounds; round++) {
    for (const [name, server] of round % 2 === 0 ? turns : turns.toReversed()) {
      added.push([name, await sample(bench, name, server, options)])
    }
  }
  return { added, proven: (await countProof(bench, subject)) - before }
}

/**
 * Sends enough requests to cover each code and to compile the functions; fewer to bare servers. It alternates
 * too: of two equal servers, the one warmed up first took a fifth more CPU in the bursts.
 */
async function warmUp(bench: Case, turns: [string, MeasuredProcess][], options: PairOptions): Promise<void> {
  const sent = new Map<string, number>()
  for (let burst = 0; burst < WARM_UP_BURSTS; burst++) {
    for (const [name, server] of burst % 2 === 0 ? turns : turns.toReversed()) {
      const already = sent.get(name) ?? 0
      const isBare = name !== 'fairlead' && !bench.hasPeers
      if (already >= (isBare ? bench.warmUp / 4 : bench.warmUp)) continue
      const { answers } = await sample(bench, name, server, {
        ...options,
        connections: 100,
        seconds: 1.5,
        // Every burst begins with the same codes, and a slow server does not reach the last ones.
        isBackwards: burst % 2 === 1
      })
      sent.set(name, already + answers)
    }
  }
}

async function sample(
  bench: Case,
  name: string,
  server: MeasuredProcess,
  { isBackwards = false, ...options }: PairOptions & { isBackwards?: boolean }
): Promise<Sample> {
  const storesClicks = bench.embedded !== undefined && (name === 'fairlead' || bench.hasPeers === true)
  const clicks = storesClicks ? await countClicks(server.url) : 0
  const before = await server.cpuSeconds()
  const beside = name === 'fairlead' ? bench.beside?.(server.url, options.seconds) : undefined
  const list = await requestsOf(bench, name, server.url)
  const requests: Case['requests'] = (...of) => (isBackwards ? list(...of).toReversed() : list(...of))
  const burst = await autocannonRun({ ...options, url: server.url, requests })
  await beside
  const { ms: lagMs } = storesClicks
    ? await awaitClicks(() => readClickStats(server.url), clicks + burst.answers)
    : { ms: 0 }
  const untilStored = await server.cpuSeconds()
  // Storing clicks is part of the cost of requests. Remaining work must not affect the next burst.
  const untilIdle = await settle(server.pid)
  return {
    ...burst,
    cpuMicros: (((storesClicks ? untilStored : untilIdle) - before) * 1e6) / burst.answers,
    memoryMiB: readPssMiB(server.pid),
    stored: storesClicks ? (await countClicks(server.url)) - clicks : null,
    lagMs
  }
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
    memoryMiB: Math.max(...samples.map((one) => one.memoryMiB)),
    lagMs: Math.max(...samples.map((one) => one.lagMs))
  }
}

function compare(ours: Sample[], others: Sample[], rounds: number): { rps: Ratio; cpu: Ratio } {
  const ratio = (field: 'rps' | 'cpuMicros') => {
    const ratios = ours.map((one, pair) => one[field] / (others[pair]?.[field] ?? Number.NaN))
    const starts = Array.from({ length: ratios.length / rounds }, (_, start) =>
      ratios.slice(start * rounds, (start + 1) * rounds)
    )
    return spreadOf(starts)
  }
  return { rps: ratio('rps'), cpu: ratio('cpuMicros') }
}

function findProblem(bench: Case, samples: Sample[], { connections }: PairOptions): string | null {
  const errors = samples.reduce((sum, one) => sum + one.errors, 0)
  const statuses = new Set(samples.flatMap((one) => Object.keys(one.statuses)))
  if (errors > 0) return `${errors} requests without an answer`
  if ([...statuses].some((status) => Number(status) !== bench.status))
    return `answers other than ${bench.status}: ${JSON.stringify(samples.map((one) => one.statuses))}`
  // A burst closes its connections at its end, so each may have one click without a received answer.
  const wrong = samples.find(
    ({ stored, answers }) => stored !== null && (stored < answers || stored > answers + connections)
  )
  return wrong ? `${wrong.stored} clicks stored of ${wrong.answers} redirects` : null
}

function findDoubt(bench: Case, ours: Sample[], proven: number): string | null {
  const share = proven / ours.reduce((sum, one) => sum + one.answers, 0)
  if (bench.proof && share < bench.proof.leastShare)
    return `the cache counted ${bench.proof.events} for only ${(share * 100).toFixed(1)} % of the answers`
  return null
}

async function countProof({ proof }: Case, server: MeasuredProcess): Promise<number> {
  const events = proof?.events ?? []
  const counts = events.map((one) => readMetric(server.url, 'fairlead_cache_events_total', `event="${one}"`))
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
}
