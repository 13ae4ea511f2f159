import { setImmediate as nextTick, setTimeout as wait } from 'node:timers/promises'
import type { EncodedBatch } from './encoder.ts'
import type { LocalLog } from './local-log.ts'
import { createStoring, type StoringOptions } from './storing.ts'

/**
 * Stores the records of a local log in large batches, because small transactions would slow requests down.
 */
export interface LogConsumer {
  /** Appends a batch to the log and wakes the consumer. Takes longer while the consumer is behind. */
  append(batch: EncodedBatch): Promise<void>
  /** Resolves true once everything appended before is stored, false after `timeoutMs`. Ends pauses early. */
  settle(timeoutMs: number): Promise<boolean>
  /** Stores as many items as it can within `timeoutMs`, stops, and closes the log. */
  stop(timeoutMs: number): Promise<void>
}

export interface LogConsumerOptions<Item> extends StoringOptions<Item> {
  log: LocalLog
  decode(record: string): Item[]
  /** Milliseconds that items accumulate before they are stored, unless there are many or a reader waits. */
  gatherMs?: number
}

/** Maximum number of items per transaction. */
const MAX_ITEMS = 5_000

/**
 * How long items accumulate. A batch five times as large costs the database a third less, because counters of
 * busy links change once per batch.
 */
const GATHER_MS = 500

/**
 * Longest delay of an append while the database stores items more slowly than they arrive. Each full batch
 * that waits adds a millisecond. Callers thus slow down until storing keeps up, and the backlog stays at
 * seconds.
 */
const MAX_DELAY_MS = 20

export function startLogConsumer<Item>({
  log,
  decode,
  gatherMs = GATHER_MS,
  ...options
}: LogConsumerOptions<Item>): LogConsumer {
  const stopping = new AbortController()
  const { signal } = stopping
  let isAway = false
  const storing = createStoring(
    {
      ...options,
      onOutage(error) {
        isAway = true
        options.onOutage(error)
      },
      onStored(items) {
        isAway = false
        options.onStored(items)
      }
    },
    signal
  )
  /** Readers that wait until everything before `position` is stored. */
  const waiters = new Set<{ position: number; done(isStored: boolean): void }>()
  let wake = () => {}
  let isIdle = false
  /** Number of items appended but not read. */
  let unread = 0
  /** Items read from the log that did not fit into the batch. */
  let held: Item[] = []
  let isBehind = true
  let isUrgent = false

  async function run(): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        await waitForWork()
        const { batches, position } = await readBatches()
        await storing.store(batches)
        await log.release(position)
        failures = 0
        for (const waiter of waiters) if (waiter.position <= log.stored) waiter.done(true)
        // Requests have priority.
        await nextTick()
      } catch (error) {
        if (signal.aborted) return
        if (failures++ === 0) options.onOutage(error)
        await pause(Math.min(50 * 2 ** failures, 2_000))
      }
    }
  }

  async function waitForWork(): Promise<void> {
    while (log.position >= log.end && held.length === 0 && !signal.aborted) {
      isIdle = true
      await pause()
    }
    isIdle = false
    const end = performance.now() + gatherMs
    while (!isBehind && !isUrgent && unread < MAX_ITEMS && !signal.aborted) {
      const left = end - performance.now()
      if (left <= 0) return
      await pause(left)
    }
  }

  /** Waits for `wake`, or for `ms`. */
  function pause(ms?: number): Promise<void> {
    return new Promise((done) => {
      const timer = ms === undefined ? undefined : setTimeout(done, ms)
      wake = () => {
        clearTimeout(timer)
        done()
      }
    })
  }

  async function readBatches(): Promise<{ batches: Item[][]; position: number }> {
    const batches = held.length > 0 ? [held] : []
    let count = held.length
    held = []
    for (;;) {
      const { position } = log
      let record: string | null
      try {
        record = await log.read()
      } catch (error) {
        // Store what was read before the error first. The next read may fail again.
        if (count === 0) throw error
        return { batches, position }
      }
      isBehind = record !== null
      if (record === null) {
        isUrgent = false
        unread = 0
        return { batches, position: log.position }
      }
      const items = await decodeOrSetAside(record)
      unread = Math.max(0, unread - items.length)
      if (count > 0 && count + items.length > MAX_ITEMS) {
        held = items
        return { batches, position }
      }
      batches.push(items)
      count += items.length
    }
  }

  async function decodeOrSetAside(record: string): Promise<Item[]> {
    try {
      return decode(record)
    } catch (error) {
      // The checksum matches, so another release wrote this record. It must not block the records behind it.
      await storing.deadLetter({ record }, error)
      return []
    }
  }

  const running = run()

  async function settle(timeoutMs: number): Promise<boolean> {
    const position = log.end
    if (log.stored >= position) return true
    if (signal.aborted) return false
    isUrgent = true
    wake()
    return new Promise((done) => {
      const waiter = {
        position,
        done(isStored: boolean) {
          clearTimeout(timer)
          waiters.delete(waiter)
          done(isStored)
        }
      }
      const timer = setTimeout(waiter.done, timeoutMs, false)
      waiters.add(waiter)
    })
  }

  return {
    settle,
    async append({ items, record }) {
      await log.append(record)
      unread += items
      if (isIdle || unread >= MAX_ITEMS) wake()
      if (!isAway && unread >= 2 * MAX_ITEMS) await wait(Math.min(unread / MAX_ITEMS, MAX_DELAY_MS))
    },
    async stop(timeoutMs) {
      const end = performance.now() + timeoutMs
      if (!isAway) await settle(timeoutMs)
      stopping.abort()
      wake()
      // The database may not answer.
      await Promise.race([running, wait(Math.max(100, end - performance.now()), undefined, { ref: false })])
      for (const waiter of waiters) waiter.done(false)
      await log.close()
    }
  }
}
