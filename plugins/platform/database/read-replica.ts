import { drizzle } from 'drizzle-orm/node-postgres'
import pg, { type Pool, type PoolConfig } from 'pg'
import { findDriverError, isTransientError } from './errors.ts'
import type { Executor } from './index.ts'

/**
 * Reads that may be a little old, from a hot standby. It is used while it is known to have all that the primary had written
 * `maxLagMs` ago: positions in the WAL are compared, not clocks, so a standby that lost its primary and thinks itself up to
 * date is found out. See docs/adr/2026-11-25-reads-from-a-standby.md.
 */
export interface ReadReplica {
  /** Whether the standby is used now. */
  readonly isUsed: boolean
  /** Runs `work` on the standby, or on the primary where that is away or behind; both when the first try breaks. */
  run<T>(work: (on: Executor) => Promise<T>): Promise<T>
  /** Where the primary is now; null when it does not answer, undefined at once while the standby is unused. */
  markFresh(): Promise<FreshMark>
  /**
   * As `run`, on a standby that has everything from before `mark`, else on the primary. With null the standby may
   * lack some; without a mark it is not read.
   */
  runFresh<T>(mark: FreshMark, work: (on: Executor) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface ReadReplicaOptions {
  /** The pool on the standby. */
  pool: PoolConfig
  primary: Pool
  /** The primary, for `run`. */
  fallback: Executor
  maxLagMs: number
  /** How often both are asked where they are. */
  pollMs: number
  /** Called when the standby begins (true) or ceases to be used. */
  onChange(isUsed: boolean, why: string): void
}

/** Where the primary was when a request began to read; kept on the request. */
export type FreshMark = Mark | null | undefined

/** Where the primary was at a time. */
interface Mark {
  /** By `performance.now()`. */
  at: number
  lsn: string
  /** Tells servers apart: positions of another one would mean nothing. */
  system: string
}

const MARK = `SELECT pg_current_wal_flush_lsn()::text AS lsn,
  (SELECT system_identifier::text FROM pg_control_system()) AS system`

/** Asks a standby why it can't be used for what a mark ($1, $2) requires; null when it can. */
const LACKS = `SELECT CASE
  WHEN NOT pg_is_in_recovery() THEN 'it is no standby'
  WHEN (SELECT system_identifier::text FROM pg_control_system()) <> $2 THEN 'it is a standby of another server'
  WHEN pg_last_wal_replay_lsn() >= $1::pg_lsn THEN NULL
  ELSE 'it is behind' END AS lacks`

/** Makes one; the standby is first used when it has all that the primary has now, migrations included. */
export function openReadReplica(options: ReadReplicaOptions): ReadReplica {
  const { primary, fallback, maxLagMs, pollMs, onChange } = options
  const pool = new pg.Pool(options.pool)
  const db = drizzle(pool)
  // As with the primary's pool: a connection that breaks must not end the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  let marks: Mark[] = []
  let isUsed = false
  let polling: Promise<void> | undefined
  let why = ''

  function use(next: boolean, reason: string): void {
    if (next === isUsed && reason === why) return
    isUsed = next
    why = reason
    onChange(next, reason)
  }

  async function locate(): Promise<Mark | null> {
    const at = performance.now()
    const answer = await primary.query<Mark>(MARK).catch(() => null)
    const row = answer?.rows[0]
    return row === undefined ? null : { ...row, at }
  }

  /** Notes where the primary is. While it is away nothing is written, so the last mark stays good. */
  async function mark(): Promise<void> {
    const now = performance.now()
    const located = await locate()
    if (located !== null) marks.push(located)
    // The newest one that is old enough, and all that come after it.
    const due = marks.findLastIndex((one) => one.at <= now - maxLagMs)
    if (due > 0) marks = marks.slice(due)
  }

  /** Why the standby can't be used for what `required` asks for; null when it can. Rejects when it does not answer. */
  async function lack({ lsn, system }: Mark): Promise<string | null> {
    const { rows } = await pool.query<{ lacks: string | null }>(LACKS, [lsn, system])
    return rows[0]?.lacks ?? null
  }

  async function poll(): Promise<void> {
    await mark()
    const [required] = marks
    if (required === undefined) return use(false, 'the primary does not answer')
    try {
      const lacks = await lack(required)
      use(lacks === null, lacks ?? 'it has what is needed')
    } catch (error) {
      use(false, (error as Error).message)
    }
  }

  function tick(): void {
    polling ??= poll().finally(() => {
      polling = undefined
    })
  }

  async function run<T>(work: (on: Executor) => Promise<T>): Promise<T> {
    if (!isUsed) return work(fallback)
    try {
      return await work(db)
    } catch (error) {
      // One that took too long (57014) takes as long there; one that replay had to cancel (40001) does not.
      const code = findDriverError(error)?.code
      if (!isTransientError(error) || code === '57014') throw error
      if (code !== '40001') use(false, (error as Error).message)
      return work(fallback)
    }
  }

  tick()
  const timer = setInterval(tick, pollMs).unref()

  return {
    get isUsed() {
      return isUsed
    },
    run,
    markFresh: async () => (isUsed ? locate() : undefined),
    async runFresh(mark, work) {
      if (mark === undefined) return work(fallback)
      if (!isUsed || mark === null) return run(work)
      const lacks = await lack(mark).catch((error: Error) => error.message)
      return lacks === null ? run(work) : work(fallback)
    },
    async close() {
      clearInterval(timer)
      await polling
      await pool.end()
    }
  }
}
