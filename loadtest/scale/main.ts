import { readCommandLine } from '#apps/command-line.ts'
import { startServer } from '#loadtest/measured.ts'
import { markdownTable, writeResults } from '#loadtest/results.ts'
import { startTestbed } from '#loadtest/testbed.ts'
import { drawScale } from './chart.ts'
import { type MeasureOptions, measureSize, type Point, type Side } from './measure.ts'
import { operations } from './operations.ts'
import { grow, preparePartitions } from './seed.ts'

/**
 * Measures how request times grow with the tables: `npm run bench:scale -- --max 1000000`. A database grows
 * tenfold from 10,000 links and as many clicks up to `--max`. At each size, a server on it receives the same
 * requests as one on a database that remains at 10,000; they alternate.
 */
const { values } = readCommandLine({
  name: 'npm run bench:scale --',
  summary:
    'Measures how requests grow with the tables: a database grows tenfold from 10,000 links up to --max.',
  options: {
    max: {
      type: 'string',
      value: 'N',
      default: '1000000',
      range: [10_000, 1e9],
      help: 'Links and clicks at the end'
    },
    seconds: {
      type: 'string',
      value: 'N',
      default: '2',
      range: [0.1, 600],
      isFraction: true,
      help: 'Length of a round'
    },
    rounds: { type: 'string', value: 'N', default: '3', range: [1, 1_000], help: 'Rounds of each operation' },
    connections: { type: 'string', value: 'N', default: '10', range: [1, 10_000], help: 'Connections' }
  }
})
const SMALLEST = 10_000
const max = Number(values.max)
const options: MeasureOptions = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  connections: Number(values.connections)
}

interface Size {
  size: number
  seedSeconds: number
  databaseMiB: number
  /** Memory of the server after all requests. */
  memoryMiB: number
}

async function main(): Promise<void> {
  const testbed = await startTestbed({ settings: { max_wal_size: '8GB', work_mem: '64MB' } })
  const points: Point[] = []
  const sizes: Size[] = []
  try {
    const small: Side = { size: SMALLEST, testbed: await testbed.another('small') }
    const large: Side = { size: SMALLEST, testbed: await testbed.another('large') }
    for (const side of [small, large]) {
      // Starting the server migrates the database.
      await (await startServer({ env: side.testbed.env(false) })).stop()
      await preparePartitions(side.testbed)
    }
    await grow(small.testbed, 0, SMALLEST)
    for (let size = SMALLEST, from = 0; size <= max; from = size, size *= 10) {
      large.size = size
      sizes.push(await reach(small, large, from, points))
    }
  } finally {
    await testbed.remove()
  }
  const content = tabulate(points, sizes)
  print(`\n${content}`)
  const isWhole = max >= 1e6
  await writeResults(
    isWhole ? 'scale' : 'local/scale',
    { options, sizes, points },
    {
      svg: drawScale(points),
      section: { name: 'scale', content }
    }
  )
}

/** Grows `large` from `from` links to its size and measures it. */
async function reach(small: Side, large: Side, from: number, points: Point[]): Promise<Size> {
  const { size, testbed } = large
  const start = performance.now()
  // Links created by the requests at the previous size occupy the ids of links to be added.
  const created = `SELECT id FROM urls WHERE original_url LIKE '%/created/%'`
  await testbed.query(`DELETE FROM events WHERE event_type = 'created' AND url_id IN (${created})`)
  await testbed.query(`DELETE FROM urls WHERE id IN (${created})`)
  await grow(testbed, from, size)
  const seedSeconds = (performance.now() - start) / 1_000
  const rows = await testbed.query<{ size: string }>('SELECT pg_database_size(current_database()) AS size')
  const databaseMiB = Math.round(Number(rows[0]?.size) / 2 ** 20)
  print(
    `\n${size.toLocaleString('en')} links and clicks: ${databaseMiB} MiB, made in ${seedSeconds.toFixed(0)} s`
  )
  const memoryMiB = await measureSize(small, large, options, (point) => {
    points.push(point)
    const problem = point.problem ? `; VOID: ${point.problem}` : ''
    print(
      `  ${point.title}: p95 ${point.p95.toFixed(2)} ms, × ${point.growth.toFixed(2)} of 10,000 links${problem}`
    )
  })
  return { size, seedSeconds, databaseMiB, memoryMiB }
}

function tabulate(points: Point[], sizes: Size[]): string {
  const rows = operations.map(({ name, title }) => {
    const own = points.filter(({ operation }) => operation === name)
    const times = own.map(({ p50, p95 }) => `${p50.toFixed(2)} / ${p95.toFixed(2)}`)
    return [title, ...times, `× ${own.at(-1)?.growth.toFixed(2)}`]
  })
  const memory = ['memory of the server, MiB', ...sizes.map(({ memoryMiB }) => `${memoryMiB}`), '']
  const headings = sizes.map(({ size }) => size.toLocaleString('en'))
  return markdownTable(['p50 / p95 in ms', ...headings, 'p95, last by 10,000'], [...rows, memory])
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

await main()
