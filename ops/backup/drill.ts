import { rm } from 'node:fs/promises'
import { loadSeeds } from '#loadtest/links.ts'
import { type MeasuredProcess, startServer } from '#loadtest/measured.ts'
import { makeFolder } from '#testing/folder.ts'
import { query } from '#testing/query.ts'
import { findUser, type Server } from '#testing/server-process.ts'
import { startPostgres } from '#testing/servers.ts'
import { until } from '#testing/until.ts'
import { compareTables, installTools, libpqOf, readTables, type Table } from './tools.ts'

/**
 * The restore drill: loses a real database and restores it with the operators' scripts.
 *
 * The drill starts a PostgreSQL that archives its WAL and imports the seed set. It takes a dump and a base
 * backup, makes more changes and records the moment before the damage. The base backup and the archive
 * restore that moment. The dump restores its own.
 */
export interface DrillReport {
  /** The database at the recorded moment. */
  tables: Table[]
  /** Differences in the restored database; empty on success. */
  differences: string[]
  /** Seconds from an empty folder until the server accepts writes again. */
  pointInTimeSeconds: number
  /** The same for the dump. */
  dump: { tables: Table[]; differences: string[]; seconds: number }
  /**
   * Fairlead's answers on the restored database: for a link created after the base backup, and for a new one.
   */
  followed: string
  created: number
}

const CODE = 'drill'
const TARGET = 'https://example.com/made-after-the-base-backup'

/** Runs the drill and logs each step. Throws when a step fails; the report lists the differences. */
export async function runDrill(log: (step: string) => void): Promise<DrillReport> {
  const user = await findUser('postgres', 'nobody')
  const folder = await makeFolder(null, user)
  const servers: Server[] = []
  const processes: MeasuredProcess[] = []
  const fairleadOn = async (url: string) => {
    const started = await startServer({ env: { DATABASE_URL: url, DATA_DIR: `${folder}/data` } })
    processes.push(started)
    return started
  }
  try {
    const tools = await installTools(folder, user)
    const source = await startPostgres(null, { installed: true, fsync: true, settings: tools.archiving })
    servers.push(source)
    const fairlead = await fairleadOn(source.url)
    await loadSeeds(fairlead.url)
    log('the seed set is loaded')

    const atDump = await readTables(source.url)
    log(`dumped to ${tools.run('dump.sh', [], libpqOf(source.url))}`)
    log(`base backup in ${tools.run('base.sh', [], libpqOf(source.url))}`)

    await create(fairlead.url, CODE, TARGET)
    await follow(fairlead.url, CODE)
    await fairlead.stop()
    const tables = await readTables(source.url)
    const [moment] = await query<{ at: string }>(source.url, 'SELECT clock_timestamp()::text AS at')
    if (!moment) throw new Error('the server does not say what time it is')
    log(`${moment.at} is the moment to come back to`)

    await query(
      source.url,
      `DELETE FROM events; UPDATE urls SET original_url = 'https://example.com/wrong'; DROP TABLE users`
    )
    await untilArchived(source.url)
    await source.kill()
    log('events deleted, links overwritten, users dropped; then the server died')

    const start = performance.now()
    const restored = await startPostgres(null, {
      installed: true,
      fsync: true,
      makeData: (data) => log(tools.run('restore-base.sh', [data, '--time', moment.at]))
    })
    servers.push(restored)
    await untilDone(restored.url, 'SELECT NOT pg_is_in_recovery() AS done')
    const pointInTimeSeconds = secondsSince(start)
    const differences = compareTables(tables, await readTables(restored.url))
    log(`restored in ${pointInTimeSeconds} s; ${differences.join(', ') || 'every table is as it was'}`)

    const again = await fairleadOn(restored.url)
    const followed = await follow(again.url, CODE)
    const created = await create(again.url, `${CODE}2`, TARGET)
    log(`Fairlead on it leads to ${followed}`)

    const dump = await restoreDump(restored.url, atDump, tools.run)
    log(
      `the dump restored in ${dump.seconds} s; ${dump.differences.join(', ') || 'every table is as it was'}`
    )
    return { tables, differences, pointInTimeSeconds, dump, followed, created }
  } finally {
    await Promise.all(processes.map((one) => one.stop('SIGKILL')))
    await Promise.all(servers.map((server) => server.remove()))
    await rm(folder, { recursive: true, force: true })
  }
}

async function restoreDump(
  server: string,
  tables: Table[],
  run: (script: string, args: string[], env: Record<string, string>) => string
): Promise<DrillReport['dump']> {
  const start = performance.now()
  await query(server, 'CREATE DATABASE from_dump TEMPLATE template0')
  const url = new URL('/from_dump', server).href
  run('restore-dump.sh', [], libpqOf(url))
  const seconds = secondsSince(start)
  return { tables, differences: compareTables(tables, await readTables(url)), seconds }
}

/** Creates a link; returns the status. */
async function create(base: string, code: string, target: string): Promise<number> {
  const { status } = await fetch(`${base}/urls`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ original_url: target, short_code: code })
  })
  return status
}

/** Follows a link; returns its target, or the status when there is no redirect. */
async function follow(base: string, code: string): Promise<string> {
  const { status, headers } = await fetch(`${base}/${code}`, { redirect: 'manual' })
  return headers.get('location') ?? String(status)
}

/** Makes the server end its WAL segment, and waits until it is archived. */
async function untilArchived(url: string): Promise<void> {
  const [segment] = await query<{ name: string }>(url, 'SELECT pg_walfile_name(pg_switch_wal()) AS name')
  await untilDone(url, `SELECT last_archived_wal >= '${segment?.name}' AS done FROM pg_stat_archiver`)
}

/** Repeats the query `text` until its column `done` is true. */
async function untilDone(url: string, text: string): Promise<void> {
  const read = () => query<{ done: boolean }>(url, text).catch(() => [])
  await until(read, ([row]) => row?.done === true, 60_000)
}

function secondsSince(start: number): number {
  return Math.round((performance.now() - start) / 100) / 10
}
