import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { readCommandLine } from '#apps/command-line.ts'
import { provision } from '#ops/stack/provision.ts'
import { replaceSection } from '#testing/docs.ts'
import { missing } from '#testing/programs.ts'
import { ROOT } from '#testing/sources.ts'
import type { Fault } from './fault.ts'
import { faults, pickFaults } from './faults.ts'
import { runFault } from './run-fault.ts'
import { combine, describe, format, type Run, renew, type Score } from './scorecard.ts'
import { startTestbed, type Testbed } from './testbed.ts'

/** `npm run chaos`: breaks the local stack under steady load and reports which invariants held. */
const { values } = readCommandLine({
  name: 'npm run chaos --',
  summary: `Breaks the local stack in some fifty ways, under steady load, and reports what held. A whole run writes
ops/chaos/results/ and docs/chaos.md, any other data/chaos/. Exits with 1 when an invariant did not hold.`,
  options: {
    smoke: { type: 'boolean', default: false, help: 'Only the most important faults' },
    only: {
      type: 'string',
      value: 'NAME,NAME',
      oneOf: faults.map(({ name }) => name),
      isList: true,
      help: 'Only these faults'
    },
    repeat: {
      type: 'string',
      value: 'N',
      default: '1',
      range: [1, 1_000],
      help: 'Runs each fault so many times in a row; it held when it held every time'
    },
    provision: {
      type: 'boolean',
      default: false,
      help: 'Installs the programs of the faults on Debian or Ubuntu, and exits'
    },
    list: { type: 'boolean', default: false, help: 'Lists the faults, and does nothing' },
    update: {
      type: 'boolean',
      default: false,
      help: 'With --only: replaces these faults in the results of the last whole run'
    },
    light: { type: 'boolean', default: false, help: 'Leaves out monitoring (Prometheus, Alertmanager)' },
    replicas: { type: 'string', value: 'N', default: '3', range: [1, 50], help: 'Servers behind nginx' },
    rate: { type: 'string', value: 'N', default: '200', range: [1, 100_000], help: 'Requests a second' },
    connections: {
      type: 'string',
      value: 'N',
      default: '500',
      range: [1, 10_000],
      help: 'Connections of the load'
    }
  }
})

async function main(): Promise<void> {
  if (values.provision) return provision()
  const chosen = choose()
  if (values.list) {
    for (const { name, what } of chosen) process.stdout.write(`${name.padEnd(30)} ${what}\n`)
    return
  }
  const start = performance.now()
  const scores: Score[] = []
  // Groups the faults by testbed: starting one takes a while.
  for (const name of ['plain', 'linked'] as const) {
    const own = chosen.filter((fault) => fault.testbed === name)
    if (own.length > 0) await runOn(name, own, scores)
  }
  const minutes = (performance.now() - start) / 60_000
  await write(scores, minutes)
  process.exit(scores.every(({ verdict }) => verdict !== 'broken') ? 0 : 1)
}

function choose(): readonly Fault[] {
  if (values.only !== undefined) return pickFaults(values.only.split(','))
  return values.smoke ? faults.filter(({ isSmoke }) => isSmoke) : faults
}

let testbed: Testbed | null = null

async function runOn(name: Fault['testbed'], own: readonly Fault[], scores: Score[]): Promise<void> {
  const isLight = values.light || missing('prometheus') !== false
  testbed = await startTestbed(name, {
    replicas: Number(values.replicas),
    requestsPerSecond: Number(values.rate),
    connections: Number(values.connections),
    isLight
  })
  try {
    for (const fault of own) {
      const rounds: Score[] = []
      while (rounds.length < Number(values.repeat)) {
        const score = await runFault(fault, testbed)
        rounds.push(score)
        process.stdout.write(format(score))
      }
      scores.push(combine(rounds))
    }
  } finally {
    await testbed.close()
    testbed = null
  }
}

async function write(scores: readonly Score[], minutes: number): Promise<void> {
  const isWhole = !values.smoke && values.only === undefined && !values.light
  const isKept = isWhole || values.update
  const folder = isKept ? join(import.meta.dirname, 'results') : join(ROOT, 'data', 'chaos')
  await mkdir(folder, { recursive: true })
  const run: Run = {
    measuredAt: new Date().toISOString().slice(0, 10),
    cores: cpus().length,
    node: process.versions.node,
    replicas: Number(values.replicas),
    requestsPerSecond: Number(values.rate),
    connections: Number(values.connections),
    minutes: Math.round(minutes * 10) / 10,
    scores
  }
  const file = join(folder, 'scorecard.json')
  const told = values.update ? renew(JSON.parse(await readFile(file, 'utf8')) as Run, scores) : run
  const text = describe(told)
  await writeFile(file, `${JSON.stringify(told, round, 1)}\n`)
  if (isKept) {
    const document = join(ROOT, 'docs', 'chaos.md')
    await writeFile(document, replaceSection(await readFile(document, 'utf8'), 'scorecard', text))
  } else await writeFile(join(folder, 'scorecard.md'), `${text}\n`)
  process.stdout.write(`\n${text}\n`)
}

function round(_name: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 100) / 100 : value
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void Promise.resolve(testbed?.close()).finally(() => process.exit(130)))

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
