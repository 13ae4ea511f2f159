import { execFile } from 'node:child_process'
import { openAsBlob } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { writeSet } from './import-set.ts'
import { loadFile } from './links.ts'
import { startServer } from './measured.ts'
import { median } from './median.ts'
import { writeResults } from './results.ts'
import { startTestbed, type Testbed } from './testbed.ts'

/**
 * Measures the import of an events file: `node loadtest/import.ts --rows 1000000 --rounds 2 --clicks 0`. In
 * each round the same file goes through `POST /events/bulk` of a server process and through `\copy` of psql.
 * Both use the same table with the same indexes, and alternate, so that conditions are equal.
 *
 * The set is like the real one, which has no clicks. With `--clicks 60`, 60 of 100 events are clicks, which
 * the import also counts in the statistics.
 */
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '2' },
    clicks: { type: 'string', default: '0' }
  }
})
const rows = Number(values.rows)
const rounds = Number(values.rounds)
const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
const rate = (time: number) => `${Math.round(rows / time).toLocaleString('en')} rows/s`

async function main(): Promise<void> {
  const testbed = await startTestbed()
  try {
    const { folder } = testbed
    await writeSet(folder, rows, Number(values.clicks))
    await measure(testbed, folder)
  } finally {
    await testbed.remove()
  }
}

async function measure({ env, query, databaseUrl }: Testbed, folder: string): Promise<void> {
  const server = await startServer({ env: env(false) })
  const file = join(folder, 'events.csv')
  const load = async (kind: 'users' | 'urls' | 'events') =>
    loadFile(server.url, kind, await openAsBlob(join(folder, `${kind}.csv`)))
  const clear = () => query('TRUNCATE events, url_stats_hourly, url_stats_daily')
  try {
    await load('users')
    await load('urls')
    const before = server.peakMiB()
    const imports: number[] = []
    const copies: number[] = []
    let cpu = 0
    const byImport = async () => {
      await clear()
      const start = await server.cpuSeconds()
      imports.push(await seconds(() => load('events')))
      cpu += (await server.cpuSeconds()) - start
    }
    const byCopy = async () => {
      await clear()
      copies.push(await seconds(() => copyFile(databaseUrl, file)))
      const [counted] = await query<{ count: string }>('SELECT count(*) FROM events')
      if (Number(counted?.count) !== rows) throw new Error(`\\copy left ${counted?.count} rows`)
    }
    for (let round = 0; round < rounds; round++) {
      for (const work of round % 2 === 0 ? [byImport, byCopy] : [byCopy, byImport]) await work()
      print(`round ${round + 1}`, `import ${rate(imports.at(-1) ?? 0)}, \\copy ${rate(copies.at(-1) ?? 0)}`)
    }
    const again = await seconds(() => load('events'))
    const peak = server.peakMiB()
    const fileMiB = Math.round((await stat(file)).size / 2 ** 20)
    const cpuMicros = (cpu / rounds / rows) * 1e6
    const ratio = median(imports.map((time, round) => (copies[round] ?? Number.NaN) / time))
    print('rows', `${rows.toLocaleString('en')} (${values.clicks} % clicks), ${fileMiB} MiB`)
    print('import', `${rate(median(imports))}, ${cpuMicros.toFixed(1)} µs CPU of the server a row`)
    print('bare \\copy', rate(median(copies)))
    print('ratio', `${ratio.toFixed(2)} (median of the rounds)`)
    print('again, skipped', rate(again))
    print('server RSS', `${before} MiB at the peak before, ${peak} MiB at the peak`)
    const name = Number(values.clicks) > 0 ? 'import-clicks' : 'import'
    await writeResults(rows >= 1e6 ? name : `local/${name}`, {
      rows,
      fileMiB,
      clickPercent: Number(values.clicks),
      importRowsPerSecond: imports.map((time) => rows / time),
      copyRowsPerSecond: copies.map((time) => rows / time),
      ratio,
      cpuMicrosPerRow: cpuMicros,
      skippedRowsPerSecond: rows / again,
      rssMiB: { before, peak }
    })
  } finally {
    await server.stop()
  }
}

/** Loads the file with psql, as an operator would. */
async function copyFile(databaseUrl: string, path: string): Promise<void> {
  const command = String.raw`\copy events (id, url_id, user_id, event_type, timestamp, details) from '${path}' with (format csv, header)`
  await promisify(execFile)('psql', ['-q', '-v', 'ON_ERROR_STOP=1', databaseUrl, '-c', command])
}

function print(name: string, text: string): void {
  process.stdout.write(`${name.padEnd(16)}${text}\n`)
}

await main()
