import { gather } from '#platform/gather.ts'
import { type Batch, type ClickDraft, createBatchId, MAX_BATCH_ROWS, readVisit, toRow } from './click.ts'

/**
 * Group commit: clicks that come while a batch is on its way travel together in the next, so a busy server makes
 * few large appends and a quiet one has no delay.
 */
export interface BatcherOptions {
  /**
   * Takes a batch on, whose first click came at `since` by the clock `now`; resolves when it is as safe as it gets, rejects when nothing
   * could take it.
   */
  send(batch: Batch, since: number): Promise<void>
  /** Takes a batch when too many clicks wait for `send`. */
  spill(batch: Batch): Promise<void>
  /** Most clicks that wait or are on their way before batches are spilled. */
  maxPending: number
  /** Names a visitor. Called when a batch closes, not in the redirect. */
  nameVisitor(ip: string, userAgent: string | undefined): string | null
  /** Most clicks of a batch. */
  maxRows: number
  /** How long a click may wait for company, in milliseconds; 0 sends as soon as no more come, see {@link gather}. */
  waitMs: number
  /** Most batches on their way at once. */
  maxInFlight: number
  now?: () => number
}

/**
 * Who waits for a click. Functions instead of a promise: a batch has hundreds of them, and a promise with its two
 * reactions is a tenth of what a redirect costs.
 */
export interface ClickWaiter {
  /** The click is as safe as it gets. */
  onTaken(): void
  /** Nothing could take the click. */
  onRefused(error: Error): void
}

export interface Batcher {
  /** Adds a click. One of the functions of `waiter` is called when `send` has settled; null when nobody waits. */
  add(draft: ClickDraft, waiter: ClickWaiter | null): void
  /** Clicks that wait or are on their way. */
  readonly pending: number
  /** Sends what waits, and resolves when everything is done with, whether it succeeded or not. */
  flush(): Promise<void>
}

interface OpenBatch {
  drafts: ClickDraft[]
  times: number[]
  waiters: ClickWaiter[]
}

export function createBatcher(options: BatcherOptions): Batcher {
  const { send, spill, nameVisitor, waitMs, maxInFlight, maxPending, now = Date.now } = options
  const maxRows = Math.min(options.maxRows, MAX_BATCH_ROWS)
  const waiting: OpenBatch[] = []
  const inFlight = new Set<Promise<void>>()
  let open: OpenBatch | null = null
  let isScheduled = false
  let timer: NodeJS.Timeout | undefined
  let pending = 0

  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    if (waitMs === 0) gather(() => open?.drafts.length ?? 0, onTime)
    else timer = setTimeout(onTime, waitMs)
  }

  function onTime(): void {
    isScheduled = false
    // With everything on its way the next arrival back sends what has gathered.
    if (inFlight.size < maxInFlight) close()
  }

  function close(): void {
    if (open === null) return
    if (waitMs > 0) {
      clearTimeout(timer)
      isScheduled = false
    }
    const closed = open
    open = null
    if (pending > maxPending) dispatch(closed, spill)
    else waiting.push(closed)
    pump()
  }

  function dispatch(batch: OpenBatch, take: BatcherOptions['send']): void {
    const sent = take(toBatch(batch), batch.times[0] as number)
    inFlight.add(sent)
    const onSettled = () => {
      inFlight.delete(sent)
      pending -= batch.drafts.length
      // The next batch is under way while those who waited for this one are told.
      if (waiting.length > 0) pump()
      else if (!isScheduled) close()
    }
    sent.then(
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

  function toBatch({ drafts, times }: OpenBatch): Batch {
    const visits: (string | null)[] = []
    const rows = drafts.map((draft, place) => {
      const at = times[place] as number
      const visit = draft.visit === undefined ? null : readVisit(draft.visit, at)
      if (visit !== null) visits[place] = visit.name
      const visitor = draft.ip === null ? null : nameVisitor(draft.ip, draft.userAgent)
      return toRow(draft, visit?.at ?? at, visitor)
    })
    const id = createBatchId(now())
    return visits.length > 0 ? { id, rows, visits } : { id, rows }
  }

  return {
    add(draft, waiter) {
      open ??= { drafts: [], times: [], waiters: [] }
      const { drafts, times, waiters } = open
      drafts.push(draft)
      times.push(now())
      if (waiter !== null) waiters.push(waiter)
      pending++
      if (drafts.length >= maxRows) close()
      else schedule()
    },
    get pending() {
      return pending
    },
    async flush() {
      close()
      while (inFlight.size > 0) {
        await Promise.allSettled(inFlight)
        close()
      }
    }
  }
}
