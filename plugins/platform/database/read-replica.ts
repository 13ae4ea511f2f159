import { drizzle } from 'drizzle-orm/node-postgres'
import pg, { type Pool, type PoolConfig } from 'pg'
import { findDriverError, isTransientError } from './errors.ts'
import type { Executor } from './index.ts'

/**
 * Reads from a hot standby that may be slightly stale. It is used while it is known to have everything that
 * the primary had written `maxLagMs` ago. That is a comparison of WAL positions, not of clocks: a standby
 * without its primary may consider itself up to date. See docs/adr/2026-11-25-reads-from-a-standby.md.
 */
export interface ReadReplica {
  /** True if the standby is used now. */
  readonly isUsed: boolean
  /**
   * Runs `work` on the standby, or on the primary if the standby is unavailable or lags. Falls back to the
   * primary when the standby fails.
   */
  run<T>(work: (on: Executor) => Promise<T>): Promise<T>
  /**
   * The primary's current position; null if it does not answer. Undefined at once while the standby is
   * unused.
   */
  markFresh(): Promise<FreshMark>
  /**
   * Like `run`, on a standby that has everything from before `mark`, else on the primary. With null the
   * standby may lag; with undefined it is not used.
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
  /** Interval between queries for both servers' positions. */
  pollMs: number
  /** Called with true when the standby comes into use, and with false when it goes out of use. */
  onChange(isUsed: boolean, why: string): void
}

/** The primary's position when a request began to read. It is kept on the request. */
export type FreshMark = Mark | null | undefined

/** The primary's position at a point in time. */
interface Mark {
  /** Time by `performance.now()`. */
  at: number
  lsn: string
  /** Identifies the server: positions of another one are not comparable. */
  system: string
}

const MARK = `SELECT pg_current_wal_flush_lsn()::text AS lsn,
  (SELECT system_identifier::text FROM pg_control_system()) AS system`

/** Returns why a standby cannot meet a mark ($1, $2); null if it can. */
const LACKS = `SELECT CASE
  WHEN NOT pg_is_in_recovery() THEN 'it is no standby'
  WHEN (SELECT system_identifier::text FROM pg_control_system()) <> $2 THEN 'it is a standby of another server'
  WHEN pg_last_wal_replay_lsn() >= $1::pg_lsn THEN NULL
  ELSE 'it is behind' END AS lacks`

/** Opens a read replica. It is first used when it has all that the primary has now, migrations included. */
export function openReadReplica(options: ReadReplicaOptions): ReadReplica {
  const { primary, fallback, maxLagMs, pollMs, onChange } = options
  const pool = new pg.Pool(options.pool)
  const db = drizzle(pool)
  // As with the primary's pool, a broken connection must not end the process.
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

  /** Records the primary's position. An unavailable primary writes nothing, so the last mark stays valid. */
  async function mark(): Promise<void> {
    const now = performance.now()
    const located = await locate()
    if (located !== null) marks.push(located)
    // Keeps the newest mark that is old enough, and all later ones.
    const due = marks.findLastIndex((one) => one.at <= now - maxLagMs)
    if (due > 0) marks = marks.slice(due)
  }

  /**
   * Returns why the standby does not meet the mark; null if it does. Rejects if the standby does not answer.
   */
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
      // A query that timed out (57014) would time out on the primary too. One that replay cancelled (40001)
      // would not.
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
