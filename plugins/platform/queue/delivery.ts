import type { Breaker } from '#platform/async/breaker.ts'
import { withDeadline } from '#platform/async/deadline.ts'
import type { EncodedBatch } from './encoder.ts'
import type { LogConsumer } from './log-consumer.ts'
import type { RedisStream } from './redis-stream.ts'

/**
 * Where a batch goes. Without Redis: to the local log. With Redis: to the stream, past it to the database,
 * past both to the local log. A stage that failed is left alone for a while. A batch may reach two stages (a
 * stage that took it but did not say so in time); the ids of its items make that one.
 */
export interface DeliveryOptions<Item> {
  stream: Pick<RedisStream, 'append'> | null
  streamBreaker: Breaker
  decode(record: string): Item[]
  /** Stores items idempotently; rejects with nothing stored. */
  store(items: Item[]): Promise<void>
  storeBreaker: Breaker
  /** Longest wait for the database, in milliseconds; less when the batch has waited already. */
  storeTimeoutMs: number
  /** True when trying the same again may help (the database is away), false when the data is to blame. */
  isTransient(error: unknown): boolean
  log: Pick<LogConsumer, 'append'>
  counts: DeliveryCounts
  onOutage(stage: 'stream' | 'database', error: unknown): void
}

export interface DeliveryCounts {
  /** Items that the stream took, or, without Redis, the local log. */
  appended: number
  /** Items that went to the database past the stream. */
  fellBack: number
  /** Items stored. */
  stored: number
  /** Items written to the local log because neither Redis nor PostgreSQL took them. */
  spooled: number
  /** Items stored of those. */
  replayed: number
  /** Items, or unreadable batches, that became dead letters. */
  deadLettered: number
  /** Items that no stage took: their requests were refused, or, buffered, they are gone. */
  lost: number
}

/** Counts of a process that has just started. */
export const noCounts = (): DeliveryCounts => ({
  appended: 0,
  fellBack: 0,
  stored: 0,
  spooled: 0,
  replayed: 0,
  deadLettered: 0,
  lost: 0
})

/**
 * How long waiters wait for stages that don't answer, in milliseconds. nginx takes a replica to hang that has
 * not followed a link for three seconds (ops/nginx), so their item is in the log by then.
 */
const PATIENCE_MS = 2_000

/** Shortest wait for the database, in milliseconds: a wait before it may be due to a busy process. */
const LEAST_STORE_MS = 250

/** No stage took a batch. */
export class ItemsUnrecorded extends Error {
  override readonly name = 'ItemsUnrecorded'
}

export function createDelivery<Item>(options: DeliveryOptions<Item>) {
  const { stream, streamBreaker, storeBreaker, counts } = options

  async function toStream({ items, record }: EncodedBatch): Promise<boolean> {
    if (stream === null || !streamBreaker.allows()) return false
    try {
      await stream.append(record)
      streamBreaker.succeed()
      counts.appended += items
      return true
    } catch (error) {
      streamBreaker.fail()
      options.onOutage('stream', error)
      return false
    }
  }

  async function toDatabase({ items, record }: EncodedBatch, timeoutMs: number): Promise<boolean> {
    if (!storeBreaker.allows()) return false
    try {
      await withDeadline(options.store(options.decode(record)), timeoutMs)
      storeBreaker.succeed()
      counts.stored += items
      counts.fellBack += items
      return true
    } catch (error) {
      // When the data is to blame, the consumer of the log finds out which item it is.
      if (options.isTransient(error)) storeBreaker.fail()
      else storeBreaker.succeed()
      options.onOutage('database', error)
      return false
    }
  }

  /**
   * True if a stage takes what `attempt` brings it. A stage that is known to be away is tried in the
   * background by a batch that goes on to the next stage meanwhile; its result is added to `tries`.
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
  async function toLog(batch: EncodedBatch, tries: Promise<boolean>[] = []): Promise<void> {
    try {
      await options.log.append(batch)
      counts[stream === null ? 'appended' : 'spooled'] += batch.items
    } catch (error) {
      if ((await Promise.all(tries)).includes(true)) return
      refuse(batch, error)
    }
  }

  function refuse({ items }: EncodedBatch, cause: unknown): never {
    counts.lost += items
    const stages =
      stream === null ? 'The local log does not take' : 'Redis, PostgreSQL and the local log do not take'
    throw new ItemsUnrecorded(`${stages} the batch`, { cause })
  }

  return {
    /**
     * Takes a batch to the first stage that has it; `since` is when its first item was added, in milliseconds
     * since the epoch. Throws {@link ItemsUnrecorded} when none does.
     */
    async send(batch: EncodedBatch, since: number): Promise<void> {
      if (stream === null) return toLog(batch)
      const tries: Promise<boolean>[] = []
      if (await reach(streamBreaker, () => toStream(batch), tries)) return
      const leftMs = Math.max(LEAST_STORE_MS, since + PATIENCE_MS - Date.now())
      const store = () => toDatabase(batch, Math.min(leftMs, options.storeTimeoutMs))
      if (await reach(storeBreaker, store, tries)) return
      await toLog(batch, tries)
    },

    /**
     * Takes a batch past stages that are too slow. Throws {@link ItemsUnrecorded} when the log is full or
     * missing, or is itself what is too slow.
     */
    async spill(batch: EncodedBatch): Promise<void> {
      if (stream === null) refuse(batch, new Error('too many items wait for the local log'))
      await toLog(batch)
    }
  }
}
