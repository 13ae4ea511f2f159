import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { RedisClient } from '#platform/redis/redis-cluster.ts'
import type { Entry, RedisStream } from './redis-stream.ts'
import { createStoring, type StoringOptions } from './storing.ts'

/**
 * Takes batches from the stream to the database: read, store, then acknowledge. A crash anywhere repeats
 * work, which the ids of items make harmless, and never skips it.
 */
export interface ConsumerOptions<Item> extends StoringOptions<Item> {
  stream: RedisStream
  /** Opens a connection for blocking reads. */
  connect(): RedisClient
  decode(record: string): Item[]
  /** How long an entry may be with another consumer before it is taken over, in milliseconds. */
  takeOverMs: number
}

export interface Consumer {
  /** Cuts the pause in which items gather short. */
  wake(): void
  /** Finishes what is in hand, within `timeoutMs`, and stops. What is not finished stays in the stream. */
  stop(timeoutMs: number): Promise<void>
}

/** About the items of one transaction: enough for set-based SQL, few enough to decode in milliseconds. */
const MIN_ITEMS = 2_500
const MAX_ITEMS = 7_500
const MAX_ENTRIES = 1_000
const BLOCK_MS = 1_000
/**
 * How long items gather once all that waited are stored. Otherwise every consumer stores a steady trickle a
 * few at a time, each with a commit of its own.
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
        if (entries.length > 0) await consume(entries)
        failures = 0
        if (entries.length > 0 && !isBehind) await gather()
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
    // Only now: what is stored or a dead letter is safe elsewhere.
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
