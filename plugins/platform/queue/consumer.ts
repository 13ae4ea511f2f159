import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { RedisClient } from '#platform/redis-cluster.ts'
import { type Click, clicksOf, decodeBatch } from '#plugins/clicks/click.ts'
import type { ClickStream, Entry } from './redis-stream.ts'

/**
 * Takes batches from the stream to the database: read, store, then acknowledge, so that a crash anywhere repeats
 * work, which the clicks' ids make harmless, and never skips it.
 */
export interface DrainerOptions {
  stream: ClickStream
  /** Opens a connection for blocking reads. */
  connect(): RedisClient
  /** Stores clicks idempotently; rejects with nothing stored. */
  store(clicks: Click[]): Promise<void>
  /** Whether trying the same again may help (the database is away), or the data is to blame. */
  isPassing(error: unknown): boolean
  /** How long an entry may be with another drainer before it is taken over, in milliseconds. */
  takeOverMs: number
  onStored(clicks: number): void
  /** Told of a click, or an unreadable batch, that went to the dead letters. */
  onBuried(error: unknown): void
  onOutage(error: unknown): void
}

export interface Drainer {
  /** Finishes what is in hand, within `timeoutMs`, and stops. What is not finished stays in the stream. */
  stop(timeoutMs: number): Promise<void>
}

/** Clicks of one transaction, more or less: large enough for set-based SQL, small enough to decode in milliseconds. */
const MIN_CLICKS = 2_500
const MAX_CLICKS = 7_500
const MAX_ENTRIES = 1_000
const BLOCK_MS = 1_000
/**
 * How long clicks gather after all that waited were stored. Without, a steady trickle is stored a few at a time, each with
 * a commit of its own, by every drainer there is.
 */
const GATHER_MS = 100

export function startDrainer(options: DrainerOptions): Drainer {
  const { stream, connect, takeOverMs } = options
  const consumer = randomUUID()
  const connection = connect()
  const stopping = new AbortController()
  let count = 16
  /** By a clock that is never set, or setting it back would put the next look off for as long. */
  let lastClaim = Number.NEGATIVE_INFINITY
  let isGrouped = false
  let isReading = false
  /** After a failure: what was read then comes again before anything new. */
  let hasUnfinished = false
  /** Whether more than was asked for may be waiting. */
  let isBehind = false

  async function run(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; ) {
      try {
        if (!isGrouped) await stream.ensureGroup()
        isGrouped = true
        const entries = await next()
        if (entries.length > 0) await drain(entries)
        failures = 0
        if (entries.length > 0 && !isBehind) await pause(GATHER_MS)
      } catch (error) {
        if (stopping.signal.aborted) return
        // NOGROUP: Redis came back without its data. The group is made again, from the stream's beginning.
        isGrouped = false
        hasUnfinished = true
        if (failures++ === 0) options.onOutage(error)
        await pause(Math.min(50 * 2 ** failures, 2_000))
      }
    }
  }

  async function next(): Promise<Entry[]> {
    if (hasUnfinished) {
      const entries = await stream.reread(consumer, count)
      if (entries.length > 0) return entries
      hasUnfinished = false
    }
    if (performance.now() - lastClaim > takeOverMs / 2) {
      lastClaim = performance.now()
      const claimed = await stream.claim(consumer, takeOverMs, count)
      if (claimed.length > 0) {
        // There may be more of the kind.
        lastClaim = Number.NEGATIVE_INFINITY
        return claimed
      }
    }
    isReading = true
    return stream.read(connection, consumer, count, BLOCK_MS).finally(() => {
      isReading = false
    })
  }

  async function drain(entries: Entry[]): Promise<void> {
    const batches: Click[][] = []
    for (const { record } of entries) {
      try {
        batches.push(clicksOf(decodeBatch(record ?? '')))
      } catch (error) {
        await bury(record ?? '', error)
      }
    }
    const clicks = batches.flat()
    isBehind = entries.length >= count
    if (clicks.length < MIN_CLICKS && entries.length === count) count = Math.min(count * 2, MAX_ENTRIES)
    if (clicks.length > MAX_CLICKS) count = Math.max(Math.floor(count / 2), 1)
    if (clicks.length > 0 && (await refusal(clicks)) !== null) await storeEach(batches)
    // Only now: what is buried or stored is safe elsewhere.
    await stream.finish(entries.map(({ id }) => id))
  }

  /** Stores clicks, however long the database is away. Gives the error when they can't be stored as they are. */
  async function refusal(clicks: Click[]): Promise<unknown> {
    for (let failures = 0; ; ) {
      try {
        await options.store(clicks)
        options.onStored(clicks.length)
        return null
      } catch (error) {
        if (!options.isPassing(error)) return error
        if (failures++ === 0) options.onOutage(error)
        await pause(Math.min(50 * 2 ** failures, 2_000))
        stopping.signal.throwIfAborted()
      }
    }
  }

  /** One click among them is poison: batches go alone, then clicks, and what is refused is buried. */
  async function storeEach(batches: Click[][]): Promise<void> {
    for (const batch of batches) {
      if ((await refusal(batch)) === null) continue
      for (const click of batch) {
        const error = await refusal([click])
        if (error !== null) await bury(JSON.stringify(click), error)
      }
    }
  }

  async function bury(record: string, error: unknown): Promise<void> {
    await stream.bury(record, (error as Error).message)
    options.onBuried(error)
  }

  const pause = (ms: number) => wait(ms, undefined, { signal: stopping.signal }).catch(() => undefined)
  const running = run()

  return {
    async stop(timeoutMs) {
      stopping.abort()
      if (isReading) connection.disconnect()
      await Promise.race([running.catch(() => undefined), wait(timeoutMs, undefined, { ref: false })])
      connection.disconnect()
      await stream.leave(consumer).catch(() => undefined)
    }
  }
}
