import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { makeScratch } from '#loadtest/scratch.ts'
import { readRange } from '#ops/prometheus/query.ts'
import { type Stack, startStack } from '#ops/stack/stack.ts'
import { ROOT } from '#testing/sources.ts'
import type { Panel } from './board.ts'
import { boards, resolveQuery } from './boards.ts'
import { drawBoard } from './draw-board.ts'
import type { Curve } from './draw-graph.ts'
import { sendTraffic } from './traffic.ts'

/**
 * Draws the dashboards for the documents: `node ops/grafana/make-pictures.ts`. Starts the stack and sends it
 * traffic. Kills a replica and stops Redis meanwhile. Runs every panel's queries on its Prometheus, and
 * writes a picture of each dashboard to docs/dashboards.
 */

const MINUTES = 6
const REDIRECTS_PER_SECOND = 200
const STEP_S = 5
const REDIS_AWAY_MS = 15_000
const OUT = join(ROOT, 'docs', 'dashboards')

const EVENTS = [
  {
    minutes: 2,
    text: 'a replica is killed',
    act: async (stack: Stack) => stack.unit('replica-2').signal('SIGKILL')
  },
  {
    minutes: 4,
    text: `Redis is away for ${REDIS_AWAY_MS / 1_000} s`,
    async act(stack: Stack) {
      await stack.unit('redis').stop()
      await wait(REDIS_AWAY_MS)
      await stack.unit('redis').start()
    }
  }
]

const folder = makeScratch('pictures')
const stack = await startStack({ folder, replicas: 3, isLight: false })
try {
  const traffic = await sendTraffic(stack.url, REDIRECTS_PER_SECOND)
  const start = Date.now()
  for (const { minutes, text, act } of EVENTS) {
    await wait(start + minutes * 60_000 - Date.now())
    await act(stack)
    console.log(text)
  }
  await wait(start + MINUTES * 60_000 - Date.now())
  await drawAll(stack, start / 1_000)
  await traffic.stop()
} finally {
  await stack.stop()
}

async function drawAll({ watchers, units }: Stack, start: number): Promise<void> {
  if (watchers === null) throw new Error('Nothing watches')
  const names = new Map(units.map(({ unit }) => [unit.url.replace('http://', ''), unit.name]))
  const span = { start, end: start + MINUTES * 60, step: STEP_S }
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
  for (const board of boards) {
    const curves = new Map(
      await Promise.all(board.panels.map(async (panel) => [panel, await read(panel)] as const))
    )
    const svg = drawBoard(
      board,
      { minutes: MINUTES, step: STEP_S / 60, marks: EVENTS },
      (panel) => curves.get(panel) ?? []
    )
    await writeFile(join(OUT, `${board.uid}.svg`), svg)
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
