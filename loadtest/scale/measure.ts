import { autocannonRun, type Burst } from '#loadtest/autocannon-run.ts'
import { type MeasuredProcess, startServer } from '#loadtest/measured.ts'
import { median } from '#loadtest/median.ts'
import { readPssMiB } from '#loadtest/process-tree.ts'
import type { Testbed } from '#loadtest/testbed.ts'
import { type Operation, operations } from './operations.ts'

/** What one operation took at one size, the medians of the rounds; times in milliseconds. */
export interface Point {
  size: number
  operation: string
  title: string
  p50: number
  p95: number
  rps: number
  /** The same on the smallest database, asked in turns with this one. */
  smallestP50: number
  smallestP95: number
  /** The median of the rounds' p95 by that of the smallest. */
  growth: number
  problem: string | null
}

export interface Side {
  size: number
  testbed: Pick<Testbed, 'env' | 'query'>
}

export interface MeasureOptions {
  rounds: number
  seconds: number
  connections: number
}

/** Without Redis, and where every redirect is to be a query, without room in process. */
const CACHES = { shipped: {}, none: { CACHE_ENTRIES: '1' } }

/**
 * Asks everything of a server on the `large` database, in turns with one on the `small`: a ratio of times that were not
 * measured together says more of the machine than of the tables. The servers have no Redis, so that a link that is
 * not held in process is a query. Calls `report` with each point; gives the memory of the server in MiB.
 */
export async function measureSize(
  small: Side,
  large: Side,
  options: MeasureOptions,
  report: (point: Point) => void
): Promise<number> {
  const servers = new Map<string, MeasuredProcess>()
  for (const [name, side] of Object.entries({ small, large })) {
    for (const [cache, env] of Object.entries(CACHES)) {
      // Buffered: how long a commit takes is no matter of size.
      const all = { ...side.testbed.env(false), CLICK_DURABILITY: 'buffered', ...env }
      servers.set(`${name} ${cache}`, await startServer({ env: all }))
    }
  }
  const nameOf = (side: Side) => (side === small ? 'small' : 'large')
  let seed = 0
  const ask = (operation: Operation, side: Side, seconds: number): Promise<Burst> => {
    // Other requests in each round, but where only what was asked before is meant.
    const first = operation.name === 'hit' ? 0 : ++seed * options.connections
    return autocannonRun({
      url: servers.get(`${nameOf(side)} ${operation.cache ?? 'shipped'}`)?.url ?? '',
      connections: options.connections,
      seconds,
      requests: (index) => operation.requests(side.size, first + index)
    })
  }
  for (const operation of operations) {
    const bursts = new Map<Side, Burst[]>([small, large].map((side) => [side, []]))
    for (const side of [small, large]) await ask(operation, side, Math.min(1, options.seconds))
    for (let round = 0; round < options.rounds; round++) {
      for (const side of round % 2 === 0 ? [small, large] : [large, small]) {
        bursts.get(side)?.push(await ask(operation, side, options.seconds))
      }
    }
    report(summarize(operation, large.size, bursts.get(small) ?? [], bursts.get(large) ?? []))
  }
  const memoryMiB = readPssMiB(servers.get('large shipped')?.pid ?? 0)
  await Promise.all([...servers.values()].map((one) => one.stop()))
  return memoryMiB
}

function summarize({ name, title, status }: Operation, size: number, small: Burst[], large: Burst[]): Point {
  const wrong = [...small, ...large].filter(
    ({ statuses, errors }) => errors > 0 || Object.keys(statuses).some((other) => Number(other) !== status)
  )
  return {
    size,
    operation: name,
    title,
    p50: median(large.map(({ p50 }) => p50)),
    p95: median(large.map(({ p95 }) => p95)),
    rps: median(large.map(({ rps }) => rps)),
    smallestP50: median(small.map(({ p50 }) => p50)),
    smallestP95: median(small.map(({ p95 }) => p95)),
    growth: median(large.map(({ p95 }, round) => p95 / (small[round]?.p95 ?? Number.NaN))),
    problem:
      wrong.length > 0 ? JSON.stringify(wrong.map(({ statuses, errors }) => ({ statuses, errors }))) : null
  }
}
