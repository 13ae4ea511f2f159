import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chown, cp, mkdir, readdir } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import type { User } from '#testing/launch.ts'
import { findCommand } from '#testing/programs.ts'
import { query } from '#testing/query.ts'

/** The backup scripts as installed beside a PostgreSQL, and a database's content in comparable form. */

export interface BackupTools {
  /** The folder of the backups. */
  readonly backups: string
  /** The folder of the metrics that the scripts write for Prometheus. */
  readonly metrics: string
  /** The configuration of a server that archives its WAL with the scripts. */
  readonly archiving: Record<string, string | number>
  /** Runs a script as PostgreSQL's user. Returns its output; throws its error output. */
  run(script: string, args?: string[], env?: Record<string, string>): string
  /** Starts a script that keeps running. */
  start(script: string, env?: Record<string, string>): ChildProcess
}

/** Installs the scripts in a folder that belongs to `user`, with an empty folder for backups beside them. */
export async function installTools(folder: string, user: User | null): Promise<BackupTools> {
  const [tools, backups, metrics] = ['tools', 'backups', 'metrics'].map((name) => join(folder, name)) as [
    string,
    string,
    string
  ]
  await Promise.all([backups, metrics].map((path) => mkdir(path)))
  await cp(import.meta.dirname, tools, { recursive: true, filter: (path) => !path.endsWith('.ts') })
  if (user) await Promise.all([backups, metrics].map((path) => chown(path, user.uid, user.gid)))
  const optionsOf = (env: Record<string, string>) => ({
    ...user,
    cwd: folder,
    env: { PATH: pathOfPrograms(), BACKUP_DIR: backups, BACKUP_METRICS_DIR: metrics, ...env }
  })
  return {
    backups,
    metrics,
    archiving: {
      archive_mode: 'on',
      archive_command: `BACKUP_DIR=${backups} ${join(tools, 'archive-wal.sh')} "%p" "%f"`,
      archive_timeout: 60
    },
    run(script, args = [], env = {}) {
      const { status, stdout, stderr, error } = spawnSync(join(tools, script), args, {
        ...optionsOf(env),
        encoding: 'utf8'
      })
      if (status !== 0) throw new Error(`${script}: ${stderr || error?.message}`)
      return stdout.trim()
    },
    start: (script, env = {}) => spawn(join(tools, script), { ...optionsOf(env), stdio: 'ignore' })
  }
}

/** PATH with the programs of the PostgreSQL under test. */
export function pathOfPrograms(): string {
  // biome-ignore lint/style/noProcessEnv: PATH locates the programs
  return [dirname(findCommand('pg_basebackup') ?? ''), process.env['PATH']].join(delimiter)
}

/** libpq's settings for the database at `url`. */
export function libpqOf(url: string): Record<string, string> {
  const { hostname, port, username, pathname } = new URL(url)
  return { PGHOST: hostname, PGPORT: port, PGUSER: username, PGDATABASE: pathname.slice(1) }
}

export interface Table {
  name: string
  rows: number
  /** Hash of all rows, ordered by their text. */
  hash: string
}

/** Reads every table with its content. Partitions count as part of their table. */
export async function readTables(url: string): Promise<Table[]> {
  const names = await query<{ name: string }>(
    url,
    `SELECT oid::regclass::text AS name FROM pg_class
     WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
     ORDER BY 1`
  )
  const texts = names.map(
    ({ name }) =>
      `SELECT '${name}' AS name, count(*)::int AS rows,
         md5(coalesce(string_agg(row::text, E'\\n' ORDER BY row::text), '')) AS hash FROM ${name} AS row`
  )
  return query<Table>(url, texts.join(' UNION ALL '))
}

/** Describes the differences between two states; empty when they are equal. */
export function compareTables(wanted: Table[], found: Table[]): string[] {
  const names = new Set([...wanted, ...found].map(({ name }) => name))
  return [...names].flatMap((name) => {
    const [before, after] = [wanted, found].map((tables) => tables.find((table) => table.name === name))
    if (!before) return [`${name} should not be there`]
    if (!after) return [`${name} is missing`]
    if (before.rows !== after.rows) return [`${name} has ${after.rows} rows instead of ${before.rows}`]
    return before.hash === after.hash ? [] : [`${name} has other contents`]
  })
}

/** Names of the backups in a folder of `backups`. */
export async function listBackups(tools: BackupTools, kind: 'dumps' | 'bases' | 'wal'): Promise<string[]> {
  return (await readdir(join(tools.backups, kind))).sort()
}
