import { autocannonRun, type Burst } from '#loadtest/autocannon-run.ts'
import { type MeasuredProcess, startServer } from '#loadtest/measured.ts'
import { median } from '#loadtest/median.ts'
import { readPssMiB } from '#loadtest/process-tree.ts'
import type { Testbed } from '#loadtest/testbed.ts'
import { type Operation, operations } from './operations.ts'

/** The result of one operation at one size: medians of the rounds, in milliseconds. */
export interface Point {
  size: number
  operation: string
  title: string
  p50: number
  p95: number
  rps: number
  /** The same on the smallest database, measured alternately with this one. */
  smallestP50: number
  smallestP95: number
  /** The median p95 of the rounds divided by that of the smallest. */
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

/** Without Redis. `none` also leaves no room in process, so that every redirect is a query. */
const CACHES = { shipped: {}, none: { CACHE_ENTRIES: '1' } }

/**
 * Sends all operations to a server on the `large` database, alternately with one on the `small`. A ratio of
 * times from different moments would depend more on the machine than on the tables. The servers have no
 * Redis, so a link outside the process cache is a query. Calls `report` with each point; returns the memory
 * of the server in MiB.
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
      // Buffered, because the duration of a commit does not depend on the size.
      const all = { ...side.testbed.env(false), CLICK_DURABILITY: 'buffered', ...env }
      servers.set(`${name} ${cache}`, await startServer({ env: all }))
    }
  }
  const nameOf = (side: Side) => (side === small ? 'small' : 'large')
  let seed = 0
  const ask = (operation: Operation, side: Side, seconds: number): Promise<Burst> => {
    // Each round has new requests, except for `hit`, which repeats earlier ones.
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
  // A round without answers would have times of 0.
  const wrong = [...small, ...large].filter(
    ({ statuses, errors }) => errors > 0 || Object.keys(statuses).join() !== String(status)
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
