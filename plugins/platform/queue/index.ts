import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { type Breaker, createBreaker } from '#platform/async/breaker.ts'
import { withDeadline } from '#platform/async/deadline.ts'
import { repeat } from '#platform/async/repeat.ts'
import { isTransientError } from '#platform/database/errors.ts'
import { StartRefused } from '#platform/problem/start-refused.ts'
import { connectAgain, type RedisClient } from '#platform/redis/redis-cluster.ts'
import { createBatcher, type Waiter } from './batcher.ts'
import { type Consumer, startConsumer } from './consumer.ts'
import { createDelivery, type DeliveryCounts, noCounts } from './delivery.ts'
import type { Codec } from './encoder.ts'
import { createEndOfTick } from './end-of-tick.ts'
import { type LocalLogs, openLocalLogs } from './local-logs.ts'
import { type Backlog, createRedisStream } from './redis-stream.ts'

/** Takes items and stores each exactly once, see docs/adr/2026-11-23-click-durability.md. */
export interface Queue<Draft, Item> {
  /**
   * Takes an item and calls `waiter`. Acknowledged: once the next stage has the item or no stage takes it.
   * Buffered: at the end of the event-loop tick.
   */
  add(draft: Draft, waiter: Waiter): void
  /** Sets `store`, which must be idempotent by id and store nothing when it rejects. */
  drainTo(store: (items: Item[]) => Promise<void>): void
  /**
   * Resolves true once every item that was acknowledged before the call is stored. Resolves false after
   * `timeoutMs` or when Redis does not answer. With `others` it includes the logs of other live processes on
   * the same data folder.
   */
  settle(timeoutMs: number, options?: { others?: boolean }): Promise<boolean>
  /** Counts of items by result, for metrics. */
  stats(): QueueStats
  /** Backlog of the stream, for metrics; null without Redis. Rejects while Redis is unavailable. */
  backlog(): Promise<Backlog | null>
  /** Backlog of the local log, for metrics; null if the process has none. */
  logBacklog(): { bytes: number; oldestMs: number } | null
}

export interface QueueStats extends DeliveryCounts {
  added: number
  /** Items of this process that no stage has yet. */
  pending: number
}

export interface QueueOptions {
  /** Acknowledged: a request waits until the next stage has its item. */
  durability: 'acknowledged' | 'buffered'
  /** True if this process has a local log. */
  log: boolean
  /** True if this process stores items from the stream. */
  drain: boolean
  dataDir: string
  /** Maximum size of the local log, in bytes. Above it, appends are refused. */
  maxLogBytes: number
  /** Number of Redis replicas that must have a batch before it counts as taken. */
  redisReplicas: number
  maxBatch: number
  /** How long a buffered item may wait for others, in milliseconds. */
  waitMs: number
  /** With Redis: how long an acknowledged item waits for others, in milliseconds, if it waits. */
  groupMs: number
  maxPending: number
  takeOverMs: number
  storeTimeoutMs: number
  /** How long closing waits for the consumers to store items. The rest stays in the stream or log. */
  closeTimeoutMs: number
}

const LOOK_FOR_ABANDONED_MS = 30_000

/**
 * Opens the queue of `names.all`: a folder below the data folder, and a stream in Redis. Register redis and
 * database first. The queue then closes before them, and passes its pending items on. Throws
 * {@link StartRefused} when there is neither Redis nor a writable data folder.
 */
export async function openQueue<Draft, Item>(
  app: FastifyInstance,
  names: { one: string; all: string },
  codec: Codec<Draft, Item>,
  options: QueueOptions
): Promise<Queue<Draft, Item>> {
  const redis = app.hasDecorator('redis') ? app.redis : null
  const stream = redis && createRedisStream(redis, names.all, options.redisReplicas)
  const counts = noCounts()
  let added = 0
  let store: ((items: Item[]) => Promise<void>) | null = null
  let consumer: Consumer | null = null

  const storing = {
    decode: codec.decode,
    async store(items: Item[]) {
      if (store === null) throw new Error(`nothing stores ${names.all}`)
      await store(items)
    },
    isTransient: isTransientError,
    onOutage: (error: unknown) => app.log.warn({ err: error }, `storing ${names.all} failed, retrying`)
  }
  const logs = await openLogs()

  const delivery = createDelivery({
    stream,
    counts,
    decode: codec.decode,
    log: logs,
    store: storing.store,
    streamBreaker: breaker('stream'),
    storeBreaker: breaker('database'),
    storeTimeoutMs: options.storeTimeoutMs,
    isTransient: isTransientError,
    onOutage: (stage, error) =>
      app.log.debug({ err: error, stage }, `queue stage rejected a batch of ${names.all}`)
  })
  const isBuffered = options.durability === 'buffered'
  const takeAtEndOfTick = createEndOfTick()
  const batcher = createBatcher({
    encoder: codec.createEncoder(),
    send: (batch, since) => delivery.send(batch, since).catch(logLoss),
    spill: (batch) => delivery.spill(batch).catch(logLoss),
    maxItems: options.maxBatch,
    maxPending: options.maxPending,
    waitMs: isBuffered ? options.waitMs : stream === null ? 0 : options.groupMs,
    isAdaptive: !isBuffered,
    // The log writes one group at a time.
    maxInFlight: stream === null ? 1 : 2
  })

  function logLoss(error: Error): never {
    app.log.error({ err: error }, `recording ${names.all} failed`)
    throw error
  }

  function breaker(stage: string): Breaker {
    return createBreaker({
      threshold: 2,
      minMs: 100,
      maxMs: 2_000,
      // Setting the system clock back must not keep the circuit open.
      now: () => performance.now(),
      onChange: (isOpen) =>
        app.log[isOpen ? 'warn' : 'info'](`${names.one} ${stage} circuit ${isOpen ? 'opened' : 'closed'}`)
    })
  }

  async function openLogs(): Promise<LocalLogs> {
    const root = join(options.dataDir, names.all)
    const logOptions = {
      ...storing,
      root,
      maxBytes: options.maxLogBytes,
      logger: app.log,
      onStored(items: number) {
        counts.stored += items
        if (stream !== null) counts.replayed += items
      },
      onDeadLettered
    }
    try {
      return await openLocalLogs(logOptions, options.log)
    } catch (error) {
      if (stream === null)
        throw new StartRefused(
          `${root} is not writable (${(error as Error).message}), and without Redis ${names.all} wait there until they are stored. ` +
            'Make DATA_DIR writable for the user of this process, or set REDIS_URL.',
          { cause: error }
        )
      app.log.warn({ err: error, root }, `local log not writable, ${names.all} need Redis or PostgreSQL`)
      return openLocalLogs(logOptions, false)
    }
  }

  function onDeadLettered(letter: object, error: unknown): void {
    counts.deadLettered++
    const { id } = letter as { id?: string }
    app.log.error({ err: error, id }, `${names.one} moved to the dead letters`)
  }

  const look = repeat(app, LOOK_FOR_ABANDONED_MS, async () => {
    if (options.log && store !== null) await logs.visitAbandoned()
  })

  app.addHook('onReady', async () => {
    if (store === null) return
    logs.start()
    // Not awaited, because the backlog may be large.
    void look()
    if (stream === null || redis === null || !options.drain) return
    consumer = startConsumer({
      ...storing,
      stream,
      connect: () => connectForReading(redis),
      takeOverMs: options.takeOverMs,
      async deadLetter(letter, error) {
        const isRecord = typeof letter === 'object' && letter !== null && 'record' in letter
        await stream.deadLetter(isRecord ? letter.record : JSON.stringify(letter), (error as Error).message)
        onDeadLettered(letter as object, error)
      },
      onStored(items) {
        counts.stored += items
      }
    })
  })

  app.addHook('onClose', async () => {
    await batcher.flush()
    await consumer?.stop(options.closeTimeoutMs)
    await logs.close(options.closeTimeoutMs)
  })

  return {
    add(draft, waiter) {
      added++
      batcher.add(draft, isBuffered ? null : waiter)
      if (isBuffered) takeAtEndOfTick(waiter)
    },
    drainTo(target) {
      store = target
    },
    async settle(timeoutMs, { others = false } = {}) {
      const deadline = performance.now() + timeoutMs
      // Acknowledged items are in a later stage already.
      if (isBuffered && batcher.pending > 0) {
        const sent = batcher.settle().then(() => true)
        if (!(await withDeadline(sent, timeoutMs).catch(() => false))) return false
      }
      const leftMs = Math.max(0, deadline - performance.now())
      const isSettled = await Promise.all([
        logs.settle(leftMs, others),
        stream?.settle(deadline, () => consumer?.wake())
      ])
      return !isSettled.includes(false)
    },
    stats: () => ({ ...counts, added, pending: batcher.pending }),
    backlog: async () => (stream === null ? null : stream.backlog()),
    logBacklog: logs.backlog
  }
}

/** Makes a connection for blocking reads. No request uses it, so it may wait for Redis instead of failing. */
function connectForReading(redis: RedisClient): RedisClient {
  const connection = connectAgain(redis, {
    enableAutoPipelining: false,
    enableOfflineQueue: true,
    commandTimeout: 5_000,
    lazyConnect: false
  })
  // The main connection logs outages already.
  connection.on('error', () => undefined)
  return connection
}
