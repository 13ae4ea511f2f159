import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { readRange } from '#ops/prometheus/query.ts'
import { type Stack, startStack } from '#ops/stack/stack.ts'
import { ROOT } from '#testing/sources.ts'
import type { Panel } from './board.ts'
import { boards, resolveQuery } from './boards.ts'
import { drawBoard } from './draw-board.ts'
import type { Curve, Mark } from './draw-graph.ts'
import { sendTraffic } from './traffic.ts'

/**
 * Draws the dashboards for the documents: `node ops/grafana/make-pictures.ts --minutes 6`. Starts the stack
 * and sends it traffic. Kills a replica and stops Redis meanwhile. Runs every panel's queries on its
 * Prometheus, and writes a picture of each dashboard to docs/dashboards.
 */

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '6' },
    replicas: { type: 'string', default: '3' },
    rate: { type: 'string', default: '200' },
    out: { type: 'string', default: join(ROOT, 'docs', 'dashboards') }
  }
})
const [minutes, replicas, rate] = [Number(values.minutes), Number(values.replicas), Number(values.rate)]
if (!(minutes >= 2 && minutes <= 30 && replicas >= 2))
  throw new Error('From 2 to 30 minutes, two replicas or more')

const STEP_S = 5
const REDIS_AWAY_MS = 15_000

/** The events, each at a share of the time. */
const EVENTS = [
  {
    at: 1 / 3,
    text: 'a replica is killed',
    act: async (stack: Stack) => stack.unit('replica-2').signal('SIGKILL')
  },
  {
    at: 2 / 3,
    text: `Redis is away for ${REDIS_AWAY_MS / 1_000} s`,
    async act(stack: Stack) {
      await stack.unit('redis').stop()
      await wait(REDIS_AWAY_MS)
      await stack.unit('redis').start()
    }
  }
]

const folder = await mkdtemp(join(tmpdir(), 'fairlead-pictures-'))
const stack = await startStack({ folder, replicas, isLight: false })
try {
  const traffic = await sendTraffic(stack.url, rate)
  const start = Date.now()
  const marks: Mark[] = []
  for (const { at, text, act } of EVENTS) {
    await wait(start + at * minutes * 60_000 - Date.now())
    marks.push({ minutes: Math.round(at * minutes * 10) / 10, text })
    await act(stack)
    console.log(text)
  }
  await wait(start + minutes * 60_000 - Date.now())
  await drawAll(stack, start / 1_000, marks)
  await traffic.stop()
} finally {
  await stack.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

async function drawAll({ watchers, units }: Stack, start: number, marks: Mark[]): Promise<void> {
  if (watchers === null) throw new Error('Nothing watches')
  const names = new Map(units.map(({ unit }) => [unit.url.replace('http://', ''), unit.name]))
  const span = { start, end: start + minutes * 60, step: STEP_S }
  const read = async ({ queries }: Panel): Promise<Curve[]> => {
    const found = await Promise.all(
      queries.map(async ({ expr, legend }) =>
        (await readRange(watchers, resolveQuery(expr), span)).map(({ labels, points }) => ({
          name: nameSeries(legend, labels, names),
          points: points.map(([at, value]): [number, number] => [(at - start) / 60, value])
        }))
      )
    )
    return found.flat().sort((one, other) => (queries.length > 1 ? 0 : one.name.localeCompare(other.name)))
  }
  await mkdir(values.out, { recursive: true })
  for (const board of boards) {
    const curves = new Map(
      await Promise.all(board.panels.map(async (panel) => [panel, await read(panel)] as const))
    )
    const svg = drawBoard(board, { minutes, step: STEP_S / 60, marks }, (panel) => curves.get(panel) ?? [])
    await writeFile(join(values.out, `${board.uid}.svg`), svg)
    console.log(`${board.uid}.svg: ${Math.round(svg.length / 1024)} KiB`)
  }
}

/** Names a series: the legend with its label values, and addresses replaced by their names in `names`. */
function nameSeries(
  legend: string,
  labels: Record<string, string>,
  names: ReadonlyMap<string, string>
): string {
  return legend.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = labels[name] ?? ''
    return names.get(value) ?? value
  })
}
