import type { Breaker } from '#platform/breaker.ts'
import { type Batch, type Click, clicksOf, decodeBatch } from '#plugins/clicks/click.ts'
import type { PackedBatch } from './encoder.ts'
import type { Spool } from './local-log.ts'
import type { ClickStream } from './redis-stream.ts'

/**
 * Where a batch goes: to the stream where there is one, past it to the database, past both to the local disk. Each
 * stage is left alone for a while after it failed. A batch may reach two stages (a stage that took it but did not
 * say so in time); its clicks' ids make that one.
 */
export interface RouteOptions {
  stream: Pick<ClickStream, 'append'> | null
  streamBreaker: Breaker
  /** Null until the events capability has said where clicks are stored. */
  store(): ((clicks: Click[]) => Promise<void>) | null
  storeBreaker: Breaker
  /** How long the database may take before the batch goes on to the disk, in milliseconds; less when its visitors wait already. */
  storeTimeoutMs: number
  /** Whether trying the same again may help (the database is away), or the data is to blame. */
  isPassing(error: unknown): boolean
  spool: Spool | null
  /** Keeps what can't be stored as it is, for people to look at. */
  bury(letter: DeadLetter, error: unknown): Promise<void>
  counts: RouteCounts
  onOutage(stage: 'stream' | 'database', error: unknown): void
}

export interface RouteCounts {
  /** Clicks that the stream took. */
  appended: number
  /** Clicks that went to the database past the stream. */
  fellBack: number
  /** Clicks stored. */
  stored: number
  /** Clicks written to the local disk. */
  spooled: number
  /** Clicks of the local disk that were taken on. */
  replayed: number
  /** Clicks, or unreadable batches, that went to the dead letters. */
  deadLettered: number
  /** Clicks that nothing could take: their redirects were refused, or, buffered, they are gone. */
  lost: number
}

/**
 * How long visitors wait for stages that don't answer, in milliseconds. A proxy takes a replica to hang that has not followed a link
 * for three seconds (ops/nginx), so their click is on the disk by then.
 */
const PATIENCE_MS = 2_000

/** What the database has at least, however long the visitors have waited, in milliseconds: it may be well, and this process busy. */
const LEAST_STORE_MS = 250

/** A click that the database refuses, or a record of a spool that is no batch. */
export type DeadLetter = Click | { record: string }

/** Nothing could take a batch. */
export class ClicksUnrecorded extends Error {
  override readonly name = 'ClicksUnrecorded'
}

export function createRoute(options: RouteOptions) {
  const { stream, streamBreaker, storeBreaker, spool, counts } = options

  async function toStream(clicks: number, record: string): Promise<boolean> {
    if (stream === null || !streamBreaker.allows()) return false
    try {
      await stream.append(record)
      streamBreaker.succeed()
      counts.appended += clicks
      return true
    } catch (error) {
      streamBreaker.fail()
      options.onOutage('stream', error)
      return false
    }
  }

  /**
   * Whether the database has the clicks now, or, where it refuses one as it is, the dead letters have that one. `read` is only called when it
   * is tried: amid an outage that would be work for nothing.
   */
  async function toDatabase(read: () => Click[], timeoutMs = options.storeTimeoutMs): Promise<boolean> {
    const store = options.store()
    if (store === null || !storeBreaker.allows()) return false
    const clicks = read()
    try {
      await withTimeout(store(clicks), timeoutMs)
      storeBreaker.succeed()
    } catch (error) {
      if (!options.isPassing(error)) {
        storeBreaker.succeed()
        return refused(clicks, error)
      }
      storeBreaker.fail()
      options.onOutage('database', error)
      return false
    }
    counts.stored += clicks.length
    if (stream !== null) counts.fellBack += clicks.length
    return true
  }

  async function refused(clicks: Click[], error: unknown): Promise<boolean> {
    const [click, ...others] = clicks
    if (click !== undefined && others.length === 0) return toDeadLetters(click, error)
    for (const one of clicks) if (!(await toDatabase(() => [one]))) return false
    return true
  }

  /** Whether the dead letters have it; they are on the same disk as the spool, which may be full. */
  async function toDeadLetters(letter: DeadLetter, error: unknown): Promise<boolean> {
    try {
      await options.bury(letter, error)
    } catch {
      return false
    }
    counts.deadLettered++
    return true
  }

  /**
   * Whether a stage took what `attempt` brings it. Nobody waits for one that is known to be away: it is tried behind the visitors'
   * back, by a batch that goes on to the next meanwhile, and what comes of it is added to `tries`.
   */
  async function reach(
    breaker: Breaker,
    attempt: () => Promise<boolean>,
    tries: Promise<boolean>[]
  ): Promise<boolean> {
    if (!breaker.isOpen) return attempt()
    tries.push(attempt())
    return false
  }

  /** `tries`: what else may have taken the batch when the disk does not. */
  async function spill({ clicks, record }: PackedBatch, tries: Promise<boolean>[] = []): Promise<void> {
    try {
      if (spool === null) throw new Error('there is no spool')
      await spool.append(record)
      counts.spooled += clicks
    } catch (error) {
      if ((await Promise.all(tries)).includes(true)) return
      counts.lost += clicks
      throw new ClicksUnrecorded('neither Redis, PostgreSQL nor the local disk took the click', {
        cause: error
      })
    }
  }

  return {
    /**
     * Takes a batch to the first stage that has it; `since` is when its first click came, in milliseconds since the epoch. Throws
     * {@link ClicksUnrecorded} when none does.
     */
    async send(batch: PackedBatch, since: number): Promise<void> {
      const tries: Promise<boolean>[] = []
      const { clicks, record } = batch
      const append = () => toStream(clicks, record)
      if (await reach(streamBreaker, append, tries)) return
      const leftMs = Math.max(LEAST_STORE_MS, since + PATIENCE_MS - Date.now())
      const read = () => clicksOf(decodeBatch(record))
      const store = () => toDatabase(read, Math.min(leftMs, options.storeTimeoutMs))
      if (await reach(storeBreaker, store, tries)) return
      await spill(batch, tries)
    },

    /** Takes a batch to the local disk. Throws {@link ClicksUnrecorded} when that is full or not there. */
    spill: (batch: PackedBatch) => spill(batch),

    /** Takes a record of a spool to the stream or the database; rejects when neither takes it now. */
    async resend(record: string): Promise<void> {
      const batch = decodeOrNull(record)
      if (batch === null) {
        // Whole by its checksum and yet no batch: an other release wrote it. The records behind it must not wait for it.
        if (await toDeadLetters({ record }, new Error('not a batch of clicks'))) return
        throw new Error('the dead letters can not be written')
      }
      const clicks = batch.rows.length
      if (!(await toStream(clicks, record)) && !(await toDatabase(() => clicksOf(batch)))) {
        throw new Error('neither Redis nor PostgreSQL takes clicks yet')
      }
      counts.replayed += clicks
    }
  }
}

function decodeOrNull(record: string): Batch | null {
  try {
    return decodeBatch(record)
  } catch {
    return null
  }
}

function withTimeout(work: Promise<void>, ms: number): Promise<void> {
  return new Promise((done, fail) => {
    const timer = setTimeout(
      () => fail(Object.assign(new Error(`no answer within ${ms} ms`), { code: 'ETIMEDOUT' })),
      ms
    )
    work.then(done, fail).finally(() => clearTimeout(timer))
  })
}
