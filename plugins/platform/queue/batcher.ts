import { microBatch } from '#platform/async/micro-batch.ts'
import type { EncodedBatch, Encoder } from './encoder.ts'
import { createGroupWindow } from './group-window.ts'

/**
 * Group commit: items that are added while a batch is in flight share the next batch. A busy server makes few
 * large appends, and an idle one adds no delay.
 */
export interface BatcherOptions<Draft> {
  encoder: Encoder<Draft>
  /**
   * Sends a batch. Its first item was added at `since` by the clock `now`. Resolves when the next stage has
   * the batch, and rejects when no stage takes it.
   */
  send(batch: EncodedBatch, since: number): Promise<void>
  /** Sends a batch while more than `maxPending` items wait for `send`. */
  spill(batch: EncodedBatch): Promise<void>
  /** Maximum number of items that wait or are in flight. Above it, batches are spilled. */
  maxPending: number
  /** Maximum number of items per batch. */
  maxItems: number
  /** Longest wait of an item for others, in milliseconds; 0 waits as {@link microBatch} does. */
  waitMs: number
  /** True if items wait only while waiting brings more items, see {@link createGroupWindow}. */
  isAdaptive?: boolean
  /** Maximum number of batches in flight. */
  maxInFlight: number
  now?: () => number
}

/**
 * Callbacks for one item. They are functions because a batch has hundreds of items: a promise with its two
 * reactions costs a tenth of a redirect.
 */
export interface Waiter {
  /** The next stage has the item. */
  onTaken(): void
  /** No stage takes the item. */
  onRefused(error: Error): void
}

export interface Batcher<Draft> {
  /**
   * Adds an item. Calls one function of `waiter` when `send` settles; `waiter` is null when no caller waits.
   */
  add(draft: Draft, waiter: Waiter | null): void
  /** Items that wait or are in flight. */
  readonly pending: number
  /** Sends pending items. Resolves when all items added before the call are taken or refused. */
  settle(): Promise<void>
  /** Sends pending items. Resolves when none are left, which may never happen under load. */
  flush(): Promise<void>
}

/** A batch that accepts no more items. */
interface ClosedBatch extends EncodedBatch {
  /** When its first item was added. */
  since: number
  waiters: Waiter[]
}

/** Number of drafts to encode together: enough to share the cost of a call, few enough to die young. */
const ENCODED_TOGETHER = 64

export function createBatcher<Draft>(options: BatcherOptions<Draft>): Batcher<Draft> {
  const { encoder, send, spill, waitMs, maxInFlight, maxItems, maxPending, now = Date.now } = options
  const window = options.isAdaptive ? createGroupWindow() : null
  const waiting: ClosedBatch[] = []
  const inFlight = new Set<ClosedBatch>()
  /** State of the open batch: items not yet encoded, when each was added, and all waiters. */
  let drafts: Draft[] = []
  let times: number[] = []
  let waiters: Waiter[] = []
  let since = 0
  let isScheduled = false
  let timer: NodeJS.Timeout | undefined
  let pending = 0

  /** Number of items in the open batch. */
  const size = () => encoder.items + drafts.length

  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    if (waitMs === 0 || window?.opens() === false) microBatch(size, onTime)
    else timer = setTimeout(onTime, waitMs)
  }

  function onTime(): void {
    isScheduled = false
    timer = undefined
    // If all batches are in flight, the first to settle sends the waiting items.
    if (inFlight.size < maxInFlight) close()
  }

  function close(): void {
    if (size() === 0) return
    if (timer !== undefined) {
      clearTimeout(timer)
      timer = undefined
      isScheduled = false
    }
    window?.observe(size())
    encode()
    const closed = { ...encoder.seal(now()), since, waiters }
    waiters = []
    if (pending > maxPending) dispatch(closed, spill)
    else waiting.push(closed)
    pump()
  }

  function dispatch(batch: ClosedBatch, take: BatcherOptions<Draft>['send']): void {
    inFlight.add(batch)
    const onSettled = () => {
      inFlight.delete(batch)
      pending -= batch.items
      // Starts the next batch before the waiters of this one run.
      if (waiting.length > 0) pump()
      else if (!isScheduled) close()
    }
    take(batch, batch.since).then(
      () => {
        onSettled()
        for (const waiter of batch.waiters) waiter.onTaken()
      },
      (error: Error) => {
        onSettled()
        for (const waiter of batch.waiters) waiter.onRefused(error)
      }
    )
  }

  function pump(): void {
    while (inFlight.size < maxInFlight) {
      const batch = waiting.shift()
      if (batch === undefined) return
      dispatch(batch, send)
    }
  }

  function encode(): void {
    encoder.add(drafts, times)
    drafts = []
    times = []
  }

  async function settle(): Promise<void> {
    close()
    const finished = ({ waiters }: ClosedBatch) =>
      new Promise<void>((done) => waiters.push({ onTaken: done, onRefused: () => done() }))
    await Promise.all([...inFlight, ...waiting].map(finished))
  }

  return {
    add(draft, waiter) {
      const at = now()
      if (size() === 0) since = at
      drafts.push(draft)
      times.push(at)
      if (waiter !== null) waiters.push(waiter)
      pending++
      if (size() >= maxItems) {
        close()
        return
      }
      if (drafts.length === ENCODED_TOGETHER) encode()
      schedule()
    },
    get pending() {
      return pending
    },
    settle,
    async flush() {
      while (pending > 0) await settle()
    }
  }
}
