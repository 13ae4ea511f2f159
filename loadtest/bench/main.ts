import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadLinks, makeCodes } from '#loadtest/links.ts'
import { type MeasuredProcess, startReference, startServer } from '#loadtest/measured.ts'
import { writeResults } from '#loadtest/results.ts'
import { type Stage, setStage } from '#loadtest/stage.ts'
import { type Case, makeCases } from './cases.ts'
import { drawBench } from './chart.ts'
import { tellProfile } from './cpu-profile.ts'
import { type Cast, measureCase, type Outcome, type PairOptions } from './pairs.ts'
import { describe, HEADINGS, tabulate, tellOutcome } from './report.ts'

/**
 * What a request costs: `npm run bench`, shorter with `--quick`, some cases with `--only hit,miss`; `--cpu-prof` says in which code the time goes. The server as shipped, one process
 * on core 0, against a bare Fastify route and a bare node:http server in turns; PostgreSQL, Redis and the load have core 1.
 */
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    starts: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    connections: { type: 'string', default: '100' },
    'cpu-prof': { type: 'boolean', default: false }
  }
})
const options: PairOptions = {
  starts: Number(values.starts ?? (values.quick || values['cpu-prof'] ? 1 : 4)),
  rounds: Number(values.rounds ?? (values.quick ? 2 : 3)),
  seconds: Number(values.seconds ?? (values.quick ? 1.5 : 1)),
  connections: Number(values.connections)
}
/**
 * Turns of each start of a case that is held to a bar. On a shared machine the median of a dozen is within a tenth of that of another dozen,
 * which is no judgement.
 */
const roundsToJudge = options.rounds * (values.rounds === undefined && !values.quick ? 3 : 1)
const LINKS = 10_000
const hasCores = availableParallelism() > 1
const serverCore = hasCores ? { core: 0 } : {}

async function main(): Promise<void> {
  const codes = makeCodes(LINKS, 1)
  const unknown = makeCodes(LINKS, 2)
  const names = values.only.split(',').filter(Boolean)
  const cases = makeCases(codes, unknown).filter(({ name }) => names.length === 0 || names.includes(name))
  if (cases.length === 0)
    throw new Error(
      `--only takes ${makeCases([], [])
        .map(({ name }) => name)
        .join(', ')}`
    )
  const stage = await setStage(hasCores ? { core: 1 } : {})
  const outcomes: Outcome[] = []
  try {
    await seed(stage, codes)
    process.stdout.write(
      `${describe(options)} (${roundsToJudge} rounds where there is a bar)\n\n${HEADINGS}\n`
    )
    for (const [index, bench] of cases.entries()) {
      const outcome = await runCase(stage, bench, index)
      outcomes.push(outcome)
      process.stdout.write(`${tellOutcome(outcome)}\n`)
    }
  } finally {
    await stage.remove()
  }
  const isWhole = names.length === 0 && !values.quick && !values['cpu-prof']
  await writeResults(
    isWhole ? 'bench' : 'local/bench',
    { options, outcomes },
    {
      svg: drawBench(outcomes),
      section: { name: 'bench', content: tabulate(outcomes) }
    }
  )
}

/** Creates the links by a server of its own, which migrates the database first. */
async function seed(stage: Stage, codes: string[]): Promise<void> {
  const server = await startServer({ env: stage.env(false) })
  await loadLinks(server.url, codes)
  await server.stop()
  await stage.query('VACUUM ANALYZE')
}

async function runCase(stage: Stage, bench: Case, index: number): Promise<Outcome> {
  const folder = values['cpu-prof'] ? await mkdtemp(join(tmpdir(), 'fairlead-profile-')) : null
  const nodeOptions = folder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]
  async function begin(start: number): Promise<Cast> {
    // A key space of its own: no start finds what another one left in Redis.
    const prefix = { REDIS_PREFIX: `bench-${index}-${start}:` }
    const env = { ...stage.env(bench.withRedis), ...bench.env, ...prefix }
    const subject = await startServer({ ...serverCore, env, nodeOptions })
    const references = new Map<string, MeasuredProcess>()
    const ofReferences = { ...serverCore, env: { DATABASE_URL: stage.databaseUrl } }
    for (const kind of bench.references) references.set(kind, await startReference(kind, ofReferences))
    const end = async () => {
      await Promise.all([...references.values()].map((one) => one.stop('SIGKILL')))
      await subject.stop()
    }
    return { subject, references, end }
  }
  const rounds = bench.bars === undefined ? options.rounds : roundsToJudge
  const outcome = await measureCase(bench, begin, { ...options, rounds })
  if (folder !== null) {
    process.stdout.write(`${bench.title}\n${(await tellProfile(folder)).join('\n')}\n\n`)
    await rm(folder, { recursive: true })
  }
  return outcome
}

await main()
