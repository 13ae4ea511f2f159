import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { RedisClient } from '#platform/redis/redis-cluster.ts'
import type { Entry, RedisStream } from './redis-stream.ts'
import { createStoring, type StoringOptions } from './storing.ts'

/**
 * Moves batches from the stream to the database: read, store, then acknowledge. A crash may repeat work but
 * never skips it. The ids of items make repeated work harmless.
 */
export interface ConsumerOptions<Item> extends StoringOptions<Item> {
  stream: RedisStream
  /** Opens a connection for blocking reads. */
  connect(): RedisClient
  decode(record: string): Item[]
  /** How long another consumer may hold an entry before this one claims it, in milliseconds. */
  takeOverMs: number
}

export interface Consumer {
  /** Ends the pause in which items accumulate. */
  wake(): void
  /** Finishes the current batch within `timeoutMs`, then stops. Unfinished entries stay in the stream. */
  stop(timeoutMs: number): Promise<void>
}

/** Approximate items per transaction: enough for set-based SQL, few enough to decode in milliseconds. */
const MIN_ITEMS = 2_500
const MAX_ITEMS = 7_500
const MAX_ENTRIES = 1_000
const BLOCK_MS = 1_000
/**
 * How long items accumulate once all waiting items are stored. Otherwise every consumer would store a steady
 * trickle in small transactions.
 */
const GATHER_MS = 100

export function startConsumer<Item>(options: ConsumerOptions<Item>): Consumer {
  const { stream, connect, decode, takeOverMs } = options
  const consumer = randomUUID()
  const connection = connect()
  const stopping = new AbortController()
  const storing = createStoring(options, stopping.signal)
  let gathering = new AbortController()
  let count = 16
  /** By a monotonic clock: setting the clock back must not delay the next claim. */
  let lastClaim = Number.NEGATIVE_INFINITY
  let isGrouped = false
  let isReading = false
  /** True after a failure: the entries read before it come again before new ones. */
  let hasUnfinished = false
  /** True if more entries may be waiting than the last read returned. */
  let isBehind = false

  async function run(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; ) {
      try {
        if (!isGrouped) await stream.ensureGroup()
        isGrouped = true
        const entries = await next()
        if (entries.length > 0) await consume(entries)
        failures = 0
        if (entries.length > 0 && !isBehind) await gather()
      } catch (error) {
        if (stopping.signal.aborted) return
        // NOGROUP: Redis restarted without its data. The group is recreated from the beginning of the stream.
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
        // More entries may be claimable.
        lastClaim = Number.NEGATIVE_INFINITY
        return claimed
      }
    }
    isReading = true
    return stream.read(connection, consumer, count, BLOCK_MS).finally(() => {
      isReading = false
    })
  }

  async function consume(entries: Entry[]): Promise<void> {
    const batches: Item[][] = []
    for (const { record } of entries) {
      try {
        batches.push(decode(record ?? ''))
      } catch (error) {
        await storing.deadLetter({ record: record ?? '' }, error)
      }
    }
    const items = batches.reduce((sum, batch) => sum + batch.length, 0)
    isBehind = entries.length >= count
    if (items < MIN_ITEMS && entries.length === count) count = Math.min(count * 2, MAX_ENTRIES)
    if (items > MAX_ITEMS) count = Math.max(Math.floor(count / 2), 1)
    await storing.store(batches)
    // Acknowledge last, when every item is stored or a dead letter.
    await stream.finish(entries.map(({ id }) => id))
  }

  async function gather(): Promise<void> {
    gathering = new AbortController()
    const signal = AbortSignal.any([stopping.signal, gathering.signal])
    await wait(GATHER_MS, undefined, { signal }).catch(() => undefined)
  }

  const pause = (ms: number) => wait(ms, undefined, { signal: stopping.signal }).catch(() => undefined)
  const running = run()

  return {
    wake: () => gathering.abort(),
    async stop(timeoutMs) {
      stopping.abort()
      if (isReading) connection.disconnect()
      await Promise.race([running.catch(() => undefined), wait(timeoutMs, undefined, { ref: false })])
      connection.disconnect()
      await stream.leave(consumer).catch(() => undefined)
    }
  }
}
