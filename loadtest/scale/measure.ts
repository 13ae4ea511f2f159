import { type MeasuredProcess, startServer } from '#loadtest/measured.ts'
import { median } from '#loadtest/median.ts'
import { readPssMiB } from '#loadtest/process-tree.ts'
import type { Stage } from '#loadtest/stage.ts'
import { fire, type Volley } from '#loadtest/volley.ts'
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
  stage: Pick<Stage, 'env' | 'query'>
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
 * not held in process is a query. Calls `tell` with each point; gives the memory of the server in MiB.
 */
export async function measureSize(
  small: Side,
  large: Side,
  options: MeasureOptions,
  tell: (point: Point) => void
): Promise<number> {
  const servers = new Map<string, MeasuredProcess>()
  for (const [name, side] of Object.entries({ small, large })) {
    for (const [cache, env] of Object.entries(CACHES)) {
      // Buffered: how long a commit takes is no matter of size.
      const all = { ...side.stage.env(false), CLICK_DURABILITY: 'buffered', ...env }
      servers.set(`${name} ${cache}`, await startServer({ env: all }))
    }
  }
  const nameOf = (side: Side) => (side === small ? 'small' : 'large')
  let seed = 0
  const ask = (operation: Operation, side: Side, seconds: number): Promise<Volley> => {
    // Other requests in each round, but where only what was asked before is meant.
    const first = operation.name === 'hit' ? 0 : ++seed * options.connections
    return fire({
      url: servers.get(`${nameOf(side)} ${operation.cache ?? 'shipped'}`)?.url ?? '',
      connections: options.connections,
      seconds,
      requests: (index) => operation.requests(side.size, first + index)
    })
  }
  for (const operation of operations) {
    const volleys = new Map<Side, Volley[]>([small, large].map((side) => [side, []]))
    for (const side of [small, large]) await ask(operation, side, Math.min(1, options.seconds))
    for (let round = 0; round < options.rounds; round++) {
      for (const side of round % 2 === 0 ? [small, large] : [large, small]) {
        volleys.get(side)?.push(await ask(operation, side, options.seconds))
      }
    }
    tell(summarize(operation, large.size, volleys.get(small) ?? [], volleys.get(large) ?? []))
  }
  const memoryMiB = readPssMiB(servers.get('large shipped')?.pid ?? 0)
  await Promise.all([...servers.values()].map((one) => one.stop()))
  return memoryMiB
}

function summarize(
  { name, title, status }: Operation,
  size: number,
  small: Volley[],
  large: Volley[]
): Point {
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
