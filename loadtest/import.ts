import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import type { ImportReport } from '#schema/shapes/import-report.ts'
import { startPostgres } from '#testing/servers.ts'
import { writeSet } from './import-set.ts'
import { startServer } from './measured.ts'
import { median } from './median.ts'
import { writeResults } from './results.ts'

/**
 * Measures the import of an events file: `node loadtest/import.ts --rows 1000000 --rounds 2 --clicks 0`. In
 * each round the same file goes through `POST /events/bulk` of a server process and through `\copy` of psql.
 * Both use the same table with the same indexes, and alternate, so that conditions are equal.
 *
 * The set is like the real one, which has no clicks. With `--clicks 60`, 60 of 100 events are clicks, which
 * the import also counts in the statistics. Uses a database of its own in the PostgreSQL of DATABASE_URL, or
 * starts a PostgreSQL (fsync on).
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
const DATABASE = 'fairlead_import_bench'
const COPY = String.raw`\copy events (id, url_id, user_id, event_type, timestamp, details) from pstdin with (format csv, header)`

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
const rate = (time: number) => `${Math.round(rows / time).toLocaleString('en')} rows/s`

async function main(): Promise<void> {
  // biome-ignore lint/style/noProcessEnv: DATABASE_URL selects the server of the benchmark
  const given = process.env['DATABASE_URL']
  const own = given
    ? null
    : await startPostgres(null, { installed: true, fsync: true, settings: { max_wal_size: '4GB' } })
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-import-'))
  const adminUrl = given ?? own?.url ?? ''
  const admin = new pg.Client(adminUrl)
  try {
    await admin.connect()
    await admin.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`)
    await admin.query(`CREATE DATABASE ${DATABASE}`)
    const url = new URL(adminUrl)
    url.pathname = `/${DATABASE}`
    await writeSet(folder, rows, Number(values.clicks))
    await measure(url.href, folder)
  } finally {
    await admin.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`).catch(() => undefined)
    await admin.end().catch(() => undefined)
    await own?.remove()
    await rm(folder, { recursive: true, force: true })
  }
}

async function measure(databaseUrl: string, folder: string): Promise<void> {
  const server = await startServer({ env: { DATABASE_URL: databaseUrl, DATA_DIR: join(folder, 'data') } })
  const client = new pg.Client(databaseUrl)
  await client.connect()
  const file = join(folder, 'events.csv')
  const load = (kind: string) => importFile(new URL(`/${kind}/bulk`, server.url), join(folder, `${kind}.csv`))
  const clear = () => client.query('TRUNCATE events, url_stats_hourly, url_stats_daily')
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
      const counted = await client.query<{ count: string }>('SELECT count(*) FROM events')
      if (Number(counted.rows[0]?.count) !== rows)
        throw new Error(`\\copy left ${counted.rows[0]?.count} rows`)
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
    await client.end().catch(() => undefined)
    await server.stop()
  }
}

async function importFile(url: URL, path: string): Promise<void> {
  const request = requestHttp(url, { method: 'POST', headers: { 'content-type': 'text/csv' } })
  const answered = new Promise<IncomingMessage>((done, fail) =>
    request.on('response', done).on('error', fail)
  )
  await pipeline(createReadStream(path), request)
  const answer = await answered
  const text = (await answer.toArray()).join('')
  if (answer.statusCode !== 201) throw new Error(`${url.pathname} answered ${answer.statusCode}: ${text}`)
  const report = JSON.parse(text) as ImportReport
  if (report.rejected > 0) throw new Error(`${url.pathname} rejected ${report.rejected} rows`)
}

async function copyFile(databaseUrl: string, path: string): Promise<void> {
  const child = spawn('psql', ['-q', '-v', 'ON_ERROR_STOP=1', databaseUrl, '-c', COPY], {
    stdio: ['pipe', 'inherit', 'inherit']
  })
  const ended = new Promise<number | null>((done, fail) => child.on('close', done).on('error', fail))
  await pipeline(createReadStream(path), child.stdin)
  if ((await ended) !== 0) throw new Error('psql failed')
}

function print(name: string, text: string): void {
  process.stdout.write(`${name.padEnd(16)}${text}\n`)
}

await main()
