import type { Breaker } from '#platform/async/breaker.ts'
import { withDeadline } from '#platform/async/deadline.ts'
import type { EncodedBatch } from './encoder.ts'
import type { LogConsumer } from './log-consumer.ts'
import type { RedisStream } from './redis-stream.ts'

/**
 * Chooses where a batch goes. Without Redis it goes to the local log. With Redis it goes to the stream, else
 * to the database, else to the local log. A stage's breaker opens for a while after failures. A batch may
 * reach two stages when a stage takes it and answers too late; the ids of its items remove duplicates.
 */
export interface DeliveryOptions<Item> {
  stream: Pick<RedisStream, 'append'> | null
  streamBreaker: Breaker
  decode(record: string): Item[]
  /** Stores items idempotently; rejects with nothing stored. */
  store(items: Item[]): Promise<void>
  storeBreaker: Breaker
  /** Longest wait for the database, in milliseconds, less the time the batch has waited already. */
  storeTimeoutMs: number
  /** True if a retry may succeed (database unavailable), false if the data is invalid. */
  isTransient(error: unknown): boolean
  log: Pick<LogConsumer, 'append'>
  counts: DeliveryCounts
  onOutage(stage: 'stream' | 'database', error: unknown): void
}

export interface DeliveryCounts {
  /** Items taken by the stream or, without Redis, by the local log. */
  appended: number
  /** Items stored directly in the database because the stream did not take them. */
  fellBack: number
  /** Items stored. */
  stored: number
  /** Items written to the local log because neither Redis nor PostgreSQL took them. */
  spooled: number
  /** Items stored from among the spooled ones. */
  replayed: number
  /** Items and unreadable batches that became dead letters. */
  deadLettered: number
  /** Items that no stage took. Acknowledged requests were refused; buffered items are lost. */
  lost: number
}

/** Counts of a new process. */
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
 * How long waiters wait for stages that do not answer, in milliseconds. nginx marks a replica as failed when
 * a redirect takes three seconds (ops/nginx), so the item must be in the log before that.
 */
const PATIENCE_MS = 2_000

/**
 * Shortest wait for the database, in milliseconds, because a busy process may have caused the earlier wait.
 */
const LEAST_STORE_MS = 250

/** Thrown when no stage took a batch. */
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
      // When the data is invalid, the consumer of the log finds the item.
      if (options.isTransient(error)) storeBreaker.fail()
      else storeBreaker.succeed()
      options.onOutage('database', error)
      return false
    }
  }

  /**
   * True if a stage takes the batch that `attempt` sends it. A stage with an open circuit is tried in the
   * background while the batch continues to the next stage. Its result is added to `tries`.
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

  /** Appends to the log. `tries`: other stages that may have taken the batch if the disk fails. */
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
     * Sends a batch to the first stage that takes it. `since` is when its first item was added, in
     * milliseconds since the epoch. Throws {@link ItemsUnrecorded} when no stage takes it.
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
     * Sends a batch past stages that are too slow. Throws {@link ItemsUnrecorded} when the log is full,
     * missing, or too slow itself.
     */
    async spill(batch: EncodedBatch): Promise<void> {
      if (stream === null) refuse(batch, new Error('too many items wait for the local log'))
      await toLog(batch)
    }
  }
}
