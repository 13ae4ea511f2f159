import pg from 'pg'
import { readCommandLine } from '#apps/command-line.ts'
import { type Profile, profiles, type Target } from '#loadtest/k6/profiles.ts'
import { loadSeeds, readClicks } from '#loadtest/links.ts'
import { readMiB } from '#loadtest/process-tree.ts'
import { markdownTable, writeResults } from '#loadtest/results.ts'
import { makeScratch } from '#loadtest/scratch.ts'
import { awaitClicks } from '#loadtest/stored.ts'
import { startStack } from '#ops/stack/stack.ts'
import type { Url } from '#schema/shapes/url.ts'
import { type Load, runProfile } from './run-profile.ts'

/**
 * Runs a load profile: `npm run load -- load-500`. Without `--url` it starts the local stack with
 * `--replicas` (6) servers, loads the seed set and warms the replicas. Afterwards it checks that each
 * answered redirect is one stored click. `--seconds` shortens each phase. Exits with 1 if a threshold is
 * exceeded.
 */
const { values, words } = readCommandLine({
  name: 'npm run load --',
  summary:
    'Runs a load profile against a server, or against servers of its own, and exits with 1 when a threshold is broken.',
  words: [
    {
      name: 'PROFILE',
      isOptional: true,
      oneOf: Object.keys(profiles),
      help: Object.keys(profiles).join(', ')
    }
  ],
  options: {
    url: {
      type: 'string',
      value: 'URL',
      help: 'A running server, instead of PostgreSQL, Redis, servers and nginx'
    },
    replicas: { type: 'string', value: 'N', default: '6', range: [1, 50], help: 'Servers behind nginx' },
    seconds: { type: 'string', value: 'N', range: [1, 86_400], help: 'Longest phase' }
  }
})

async function main(): Promise<void> {
  const [name = 'smoke'] = words
  const found = (profiles as Record<string, Profile>)[name] ?? profiles.smoke
  const limit = values.seconds === undefined ? Number.POSITIVE_INFINITY : Number(values.seconds)
  const phases = found.phases.map((phase) => ({ ...phase, seconds: Math.min(phase.seconds, limit) }))
  const profile: Profile = { ...found, phases }
  if (values.url !== undefined) {
    const load = await runProfile(profile, values.url, await readTargets(values.url))
    report(load, tabulate(name, profile, load))
    return
  }
  const folder = makeScratch('load')
  const stack = await startStack({ folder, replicas: Number(values.replicas), isLight: true })
  const pool = new pg.Pool({ connectionString: stack.databaseUrl, max: 1 })
  try {
    await loadSeeds(stack.url)
    const targets = await readTargets(stack.url)
    const countClicks = () =>
      readClicks({ query: async (text, parameters = []) => (await pool.query(text, parameters)).rows })
    const before = await countClicks()
    const warmUp = await runProfile(warmUpOf(profile), stack.url, targets)
    const load = await runProfile(profile, stack.url, targets)
    const given = [warmUp, load].reduce((sum, { statuses }) => sum + (statuses['302'] ?? 0), 0)
    const pids = stack.replicas.map(({ pid = 0 }) => pid)
    const use = await measureUse(pids, countClicks, given, before)
    const content = tabulate(name, profile, load, use)
    report(load, content)
    if (use.stored < given) process.exitCode = 1
    const isWhole = values.seconds === undefined && values.replicas === '6'
    const { bursts: _bursts, ...summary } = load
    await writeResults(
      isWhole ? `load-${name.replace(/^load-/, '')}` : `local/load-${name}`,
      {
        name,
        profile,
        replicas: pids.length,
        ...summary,
        ...use
      },
      { section: { name: `load-${name.replace(/^load-/, '')}`, content } }
    )
  } finally {
    await pool.end()
    await stack.stop()
  }
}

/** Returns a few seconds of the same load, not counted: replicas that just started compile their code. */
function warmUpOf({ phases: [first], ...profile }: Profile): Profile {
  return {
    ...profile,
    phases: first === undefined ? [] : [{ ...first, seconds: Math.min(5, first.seconds) }]
  }
}

/** Returns the active links, in the order of their ids: the first is the most popular. */
async function readTargets(url: string): Promise<Target[]> {
  const answer = await fetch(new URL('/urls?is_active=true&page=1&per_page=10000', url))
  if (answer.status !== 200) throw new Error(`GET /urls answered ${answer.status}`)
  const urls = (await answer.json()) as Url[]
  if (urls.length === 0) throw new Error('There is no active link to follow')
  return urls.map(({ id, short_code }) => ({ id, code: short_code }))
}

function report({ statuses, broken }: Load, table: string): void {
  const kept = broken.length === 0 ? 'kept' : `BROKEN: ${broken.join('; ')}`
  process.stdout.write(`${table}\n\nstatuses ${JSON.stringify(statuses)}; thresholds ${kept}\n`)
  if (broken.length > 0) process.exitCode = 1
}

/** The replicas' memory, and the clicks stored of those given. */
interface Use {
  given: number
  stored: number
  lagMs: number
  peakMiB: number
}

/** Waits until every answered redirect is stored as a click, and reads the memory of the replicas. */
async function measureUse(
  pids: number[],
  countClicks: () => Promise<number>,
  given: number,
  before: number
): Promise<Use> {
  // Connections close at the end, so a redirect may be recorded without a received answer.
  const { stored, ms } = await awaitClicks(countClicks, before + given)
  const peakMiB = Math.max(...pids.map((pid) => readMiB(pid, 'status', 'VmHWM')))
  return { given, stored: stored - before, lagMs: Math.round(ms), peakMiB }
}

function tabulate(name: string, { phases, pace }: Profile, load: Load, use?: Use): string {
  const whole = (value: number) => Math.round(value).toLocaleString('en')
  const users = phases.map((phase) => `${phase.users} for ${phase.seconds} s`).join(', ')
  const cells = {
    [name]: `${users}; ${pace === undefined ? 'without pause' : `${pace} a second each`}`,
    requests: whole(load.answers),
    'a second': whole(load.rps),
    failures: `${load.failures}`,
    'p50 / p95 / p99 ms': [load.p50, load.p95, load.p99].map((ms) => ms.toFixed(1)).join(' / '),
    ...(use && {
      'redirects given / clicks stored': `${whole(use.given)} / ${whole(use.stored)}`,
      'largest replica': `${use.peakMiB} MiB`
    })
  }
  return markdownTable(Object.keys(cells), [Object.values(cells)])
}

await main()
