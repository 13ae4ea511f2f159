import { setImmediate as nextTick, setTimeout as wait } from 'node:timers/promises'
import type { EncodedBatch } from './encoder.ts'
import type { LocalLog } from './local-log.ts'
import { createStoring, type StoringOptions } from './storing.ts'

/** Stores what is appended to a local log, in large batches: small transactions would slow requests down. */
export interface LogConsumer {
  /** Appends a batch to the log and wakes the consumer. Takes longer while storing is behind. */
  append(batch: EncodedBatch): Promise<void>
  /** Resolves true once all appended before is stored, false after `timeoutMs`. Cuts pauses short. */
  settle(timeoutMs: number): Promise<boolean>
  /** Finishes within `timeoutMs` what it can, stops, and closes the log. */
  stop(timeoutMs: number): Promise<void>
}

export interface LogConsumerOptions<Item> extends StoringOptions<Item> {
  log: LocalLog
  decode(record: string): Item[]
  /** Milliseconds that items gather before they are stored, unless there are many or a reader waits. */
  gatherMs?: number
}

/** Items of one transaction. */
const MAX_ITEMS = 5_000

/**
 * How long items gather. A batch of five times the size costs the database a third less: counters of busy
 * links are changed once a batch.
 */
const GATHER_MS = 500

/**
 * Longest delay of an append while the database stores, but more slowly than items come. Each full batch that
 * waits adds a millisecond, so callers slow down until storing keeps up, and the backlog stays at seconds.
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
  /** Items that were appended and not read. */
  let unread = 0
  /** Read from the log, and too many for the batch that they would have been part of. */
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
        // Requests come first.
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

  /** Waits until it is woken, or for `ms`. */
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
        // What was read before is stored first; reading on then fails again, or does not.
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
      // Its checksum is right: another release wrote it. The records behind it must not wait for it.
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
