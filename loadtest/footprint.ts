import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { readCommandLine } from '#apps/command-line.ts'
import { autocannonRun, share } from './autocannon-run.ts'
import { checkOut, commitOfWorkingTree, linkPackages } from './checkout.ts'
import { install, measurePackages, type Running, startInstallation } from './installation.ts'
import { loadLinks, makeCodes } from './links.ts'
import { median } from './median.ts'
import { type MemoryCgroup, makeMemoryCgroup } from './memory-cgroup.ts'
import { readPssMiB, settle } from './process-tree.ts'
import { markdownTable, writeResults } from './results.ts'
import { makeScratch } from './scratch.ts'
import { awaitClicks, readClickStats } from './stored.ts'

/**
 * Measures the footprint of an installation without DATABASE_URL and REDIS_URL: `node loadtest/footprint.ts`.
 * Installs a clone of the working tree and runs `npm start` in it. Reads start times and memory of the whole
 * process tree: npm, the server and its PostgreSQL. As root, repeats this in a memory cgroup without swap.
 */
const { values } = readCommandLine({
  name: 'node loadtest/footprint.ts',
  summary:
    'Measures what an installation without DATABASE_URL and REDIS_URL takes: start times, memory, disk.',
  options: {
    clicks: {
      type: 'string',
      value: 'N',
      range: [1, 1e9],
      help: 'Redirects before the last reading of memory; 1000000'
    },
    rounds: {
      type: 'string',
      value: 'N',
      range: [1, 100],
      help: 'First and later starts, of which the medians count; 5'
    },
    quick: {
      type: 'boolean',
      default: false,
      help: 'Few of both, with the packages of this folder: shows that it works'
    }
  }
})
const clicks = Number(values.clicks ?? (values.quick ? 5_000 : 1_000_000))
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5))
const CGROUP_MIB = 320
const LINKS = 1_000
const CONNECTIONS = 100
const BURST_SECONDS = 5

interface Figure {
  title: string
  /** Null if it could not be measured. */
  value: number | null
  unit: string
  /** The largest acceptable value. */
  bar: number
}

async function main(): Promise<void> {
  const { root, commit } = checkOut(commitOfWorkingTree())
  const scratch = makeScratch('footprint')
  const figures: Figure[] = []
  const add = (title: string, value: number | null, unit: string, bar: number) => {
    figures.push({ title, value, unit, bar })
    process.stdout.write(`${title}\n`)
  }
  if (values.quick) linkPackages(root)
  else await install(root)
  const packages = values.quick ? null : measurePackages(root)
  add('production packages', packages?.count ?? null, '', 150)
  add('their size on disk', packages?.mebibytes ?? null, 'MiB', 330)
  const starts = await measureStarts(root, scratch)
  add('first start until ready', median(starts.map(({ first }) => first)), 's', 4)
  add('later start until ready', median(starts.map(({ later }) => later)), 's', 2)
  add('memory, idle after the first start', Math.max(...starts.map(({ firstMiB }) => firstMiB)), 'MiB', 190)
  add('memory, idle after a later start', Math.max(...starts.map(({ laterMiB }) => laterMiB)), 'MiB', 190)
  const title = `memory after ${clicks.toLocaleString('en')} clicks`
  const life = await live(root, makeEnv(scratch, 0))
  add(title, life.memoryMiB, 'MiB', 230)
  const failures = await countCgroupFailures(root, makeEnv(scratch, 'cgroup'))
  add(`processes killed, requests failed in ${CGROUP_MIB} MiB`, failures, '', 0)
  const content = tabulate(figures)
  process.stdout.write(`\n${content}\n`)
  await writeResults(
    values.quick || clicks < 1e6 ? 'local/footprint' : 'footprint',
    { commit, clicks, rounds, figures, starts },
    { section: { name: 'footprint', content } }
  )
}

/** Returns the settings of a start that shares only the packages and their compile cache with others. */
function makeEnv(scratch: string, name: string | number): Record<string, string> {
  const folder = join(scratch, `${name}`)
  mkdirSync(join(folder, 'tmp'), { recursive: true })
  const env = { DATA_DIR: join(folder, 'data'), TMPDIR: join(folder, 'tmp') }
  // npm then skips `prestart`, which would install packages that the links lack.
  return values.quick ? { ...env, npm_config_ignore_scripts: 'true' } : env
}

async function measureStarts(root: string, scratch: string) {
  const starts = []
  for (let round = 0; round < rounds; round++) {
    const env = makeEnv(scratch, round)
    const [first, later] = [await startIdle(root, env), await startIdle(root, env)]
    starts.push({
      first: first.seconds,
      later: later.seconds,
      firstMiB: first.memoryMiB,
      laterMiB: later.memoryMiB
    })
  }
  return starts
}

async function startIdle(root: string, env: Record<string, string>) {
  const running = await startInstallation(root, env)
  if (running === null) throw new Error('npm start did not come to answer')
  await settle(running.pid)
  const memoryMiB = readPssMiB(running.pid)
  await running.stop()
  return { seconds: running.seconds, memoryMiB }
}

/** Starts an installation, follows its links until it has stored all clicks, and stops it. */
async function live(root: string, env: Record<string, string>, enter: string[] = []) {
  const running = await startInstallation(root, env, enter)
  if (running === null) return { memoryMiB: null, failures: clicks }
  try {
    const failures = await follow(running).catch(() => clicks)
    await settle(running.pid)
    return { memoryMiB: running.isAlive() ? readPssMiB(running.pid) : null, failures }
  } finally {
    await running.stop()
  }
}

/** Returns how many of the redirects failed or were not stored. */
async function follow({ url, isAlive }: Running): Promise<number> {
  const codes = makeCodes(LINKS, 1)
  await loadLinks(url, codes)
  let [given, failures] = [0, 0]
  while (given < clicks && isAlive()) {
    const burst = await autocannonRun({
      url,
      seconds: values.quick ? 1 : BURST_SECONDS,
      connections: CONNECTIONS,
      requests: (index, connections) =>
        share(codes, index, connections).map((code) => ({ method: 'GET', path: `/${code}` }))
    })
    const redirects = burst.statuses['302'] ?? 0
    given += redirects
    failures += burst.errors + burst.answers - redirects
    if (redirects === 0) return failures + clicks - given
  }
  const { stored } = await awaitClicks(() => readClickStats(url), given)
  return failures + Math.max(0, given - stored)
}

/**
 * Runs a first start, then a later one with the clicks, in a memory cgroup without swap. Returns how many
 * processes were killed and how many requests failed; null without such a cgroup.
 */
async function countCgroupFailures(root: string, env: Record<string, string>): Promise<number | null> {
  let cgroup: MemoryCgroup
  try {
    cgroup = makeMemoryCgroup(CGROUP_MIB)
  } catch (error) {
    process.stdout.write(`no memory cgroup (needs root): ${(error as Error).message}\n`)
    return null
  }
  try {
    const first = await startInstallation(root, env, cgroup.enter)
    if (first) await settle(first.pid)
    await first?.stop()
    const { failures } = await live(root, env, cgroup.enter)
    return failures + cgroup.killed()
  } finally {
    cgroup.remove()
  }
}

function tabulate(figures: Figure[]): string {
  const rows = figures.map(({ title, value, unit, bar }) => [
    title,
    value === null ? 'not measured' : `${format(value)} ${unit}`,
    `≤ ${bar} ${unit}${value !== null && value > bar ? ', missed' : ''}`
  ])
  return markdownTable(['', 'measured', 'bar'], rows)
}

function format(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 2 })
}

await main()
