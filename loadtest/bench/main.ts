import { availableParallelism } from 'node:os'
import { type Checkout, checkOut, installPackages } from '#loadtest/checkout.ts'
import { measureFdatasync } from '#loadtest/fdatasync.ts'
import { growClicks, loadLinks, loadUser, makeCodes } from '#loadtest/links.ts'
import {
  type MeasuredOptions,
  type MeasuredProcess,
  startReference,
  startServer
} from '#loadtest/measured.ts'
import { median } from '#loadtest/median.ts'
import { describeMachine, writeResults } from '#loadtest/results.ts'
import { makeScratch } from '#loadtest/scratch.ts'
import { startTestbed, type Testbed } from '#loadtest/testbed.ts'
import { type Case, makeCases, RULES } from './cases.ts'
import { drawBench } from './chart.ts'
import { formatProfile } from './cpu-profile.ts'
import { readOptions } from './options.ts'
import { measureCase, type Outcome, type Processes } from './pairs.ts'
import { formatOutcome, tabulate } from './report.ts'

/**
 * Measures the cost of a request: `npm run bench`. The shipped server and its child processes run on core 0.
 * It alternates with a bare Fastify route and a bare node:http server, or with another commit (`--against`).
 * PostgreSQL, Redis and the load use core 1.
 */
const options = readOptions()
const LINKS = 10_000
/** Least ratio of requests per second to another commit. */
const NOT_SLOWER = { rps: 0.98 }
const hasCores = availableParallelism() > 1
const serverCore = hasCores ? { core: 0 } : {}

/** A version of Fairlead with its servers' database. */
interface Version {
  testbed: Pick<Testbed, 'env' | 'query'>
  root?: string
}

async function main(): Promise<void> {
  const codes = makeCodes(LINKS, 1)
  const ruled = makeCodes(LINKS, 3)
  const all = makeCases(codes, makeCodes(LINKS, 2), ruled)
  const cases = all.filter(({ name }) => options.only.length === 0 || options.only.includes(name))
  const other = options.against === undefined ? null : checkOut(options.against)
  if (other) {
    process.stdout.write(`against ${other.commit} (${options.against})\n`)
    await installPackages(other.root)
  }
  const testbed = await startTestbed(hasCores ? { core: 1 } : {})
  const outcomes: Outcome[] = []
  try {
    const ours: Version = { testbed }
    const seeds = { codes, ruled: cases.some(({ name }) => name === 'rules') ? ruled : [] }
    await seed(ours, seeds)
    const theirs = other && {
      testbed: await testbed.another('against'),
      root: other.root
    }
    if (theirs) await seed(theirs, seeds)
    process.stdout.write(`${describeMachine()}\n`)
    for (const [index, bench] of cases.entries()) {
      const outcome = await runCase(testbed, adapt(bench, other), index, ours, theirs)
      outcomes.push(outcome)
      process.stdout.write(`${formatOutcome(outcome)}\n`)
    }
  } finally {
    await testbed.remove()
  }
  const content = tabulate(outcomes)
  process.stdout.write(`\n${content}\n`)
  await writeResults(
    options.isWhole ? 'bench' : other ? 'local/against' : 'local/bench',
    { against: other?.commit, outcomes },
    {
      svg: drawBench(outcomes),
      section: { name: 'bench', content }
    }
  )
}

/** Creates the links through a separate server, which migrates the database first. */
async function seed(
  { testbed, root }: Version,
  { codes, ruled }: { codes: string[]; ruled: string[] }
): Promise<void> {
  const server = await startServer({ env: testbed.env(false), ...(root && { root }) })
  await loadLinks(server.url, codes)
  if (ruled.length > 0) await loadLinks(server.url, ruled, { firstId: LINKS + 1, rules: RULES })
  await loadUser(server.url)
  await server.stop()
  await growClicks(testbed)
  await testbed.query('VACUUM ANALYZE')
}

/**
 * Returns the case of this run. With `--against`, the other commit is its only reference, with a bar of its
 * own.
 */
function adapt(bench: Case, other: Checkout | null): Case {
  const against = other && { references: [other.commit], hasPeers: true, bars: NOT_SLOWER }
  return { ...bench, warmUp: bench.warmUp * options.warmUpShare, ...against }
}

async function runCase(
  testbed: Testbed,
  bench: Case,
  index: number,
  ours: Version,
  theirs: Version | null
): Promise<Outcome> {
  const folder = options.cpuProf ? makeScratch('profile') : null
  const nodeOptions = folder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]
  const syncs: number[] = []
  async function begin(start: number): Promise<Processes> {
    if (bench.embedded) syncs.push(measureFdatasync(testbed.folder))
    // Each start has its own key space, so it finds no entries of another start in Redis.
    const prefix = `bench-${index}-${start}:`
    const starts: [string, () => Promise<MeasuredProcess>][] = [
      ['fairlead', () => startVersion(bench, ours, prefix, { nodeOptions })],
      ...bench.references.map((kind): [string, () => Promise<MeasuredProcess>] => [
        kind,
        () =>
          theirs || kind === 'alone' || kind === 'plain'
            ? startVersion(bench, theirs ?? ours, `other-${prefix}`)
            : startReference(kind, { ...serverCore, env: { DATABASE_URL: testbed.databaseUrl } })
      ])
    ]
    const references = new Map<string, MeasuredProcess>()
    // The order of starting affects the speed of a process for its whole life, so it alternates too.
    for (const [name, begin] of start % 2 === 0 ? starts : starts.toReversed())
      references.set(name, await begin())
    const subject = references.get('fairlead') as MeasuredProcess
    references.delete('fairlead')
    const end = async () => {
      await Promise.all([...references.values()].map((one) => one.stop(theirs ? 'SIGTERM' : 'SIGKILL')))
      await subject.stop()
    }
    return { subject, references, end }
  }
  const outcome = await measureCase(bench, begin, options.plan(bench))
  if (folder !== null) process.stdout.write(`${bench.title}\n${(await formatProfile(folder)).join('\n')}\n\n`)
  return { ...outcome, fdatasyncMs: bench.embedded ? median(syncs) : null }
}

/** Starts a server of `version` for `bench`. An embedded one gets its links here. */
async function startVersion(
  bench: Case,
  { testbed, root }: Version,
  prefix: string,
  more: MeasuredOptions = {}
): Promise<MeasuredProcess> {
  const { DATA_DIR = '', ...servers } = testbed.env(bench.withRedis)
  const env = { DATA_DIR, ...(!bench.embedded && servers), ...bench.env, REDIS_PREFIX: prefix }
  const server = await startServer({ ...serverCore, ...more, env, ...(root && { root }) })
  if (bench.embedded) await loadLinks(server.url, bench.embedded)
  return server
}

await main()
