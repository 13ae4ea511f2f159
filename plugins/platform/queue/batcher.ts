import { gather } from '#platform/gather.ts'
import { type ClickDraft, MAX_BATCH_ROWS, readVisit, toRow } from '#plugins/clicks/click.ts'
import { createPacker, type PackedBatch } from './encoder.ts'

/**
 * Group commit: clicks that come while a batch is on its way travel together in the next, so a busy server makes
 * few large appends and a quiet one has no delay.
 */
export interface BatcherOptions {
  /**
   * Takes a batch on, whose first click came at `since` by the clock `now`; resolves when it is as safe as it gets, rejects when nothing
   * could take it.
   */
  send(batch: PackedBatch, since: number): Promise<void>
  /** Takes a batch when too many clicks wait for `send`. */
  spill(batch: PackedBatch): Promise<void>
  /** Most clicks that wait or are on their way before batches are spilled. */
  maxPending: number
  /** Names a visitor. Called for some clicks together, not for each as it comes. */
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

/** A batch that takes no more clicks. */
interface ClosedBatch extends PackedBatch {
  /** When its first click came. */
  since: number
  waiters: ClickWaiter[]
}

/** So many clicks are packed together: enough to share what that costs, and few enough to die young. */
const PACK = 64

export function createBatcher(options: BatcherOptions): Batcher {
  const { send, spill, nameVisitor, waitMs, maxInFlight, maxPending, now = Date.now } = options
  const maxRows = Math.min(options.maxRows, MAX_BATCH_ROWS)
  const packer = createPacker()
  const waiting: ClosedBatch[] = []
  const inFlight = new Set<Promise<void>>()
  /** The clicks of the open batch that are not packed yet, when each of them came, and who waits for all of the batch. */
  let drafts: ClickDraft[] = []
  let times: number[] = []
  let waiters: ClickWaiter[] = []
  let since = 0
  let isScheduled = false
  let timer: NodeJS.Timeout | undefined
  let pending = 0

  /** Clicks of the open batch. */
  const size = () => packer.clicks + drafts.length

  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    if (waitMs === 0) gather(size, onTime)
    else timer = setTimeout(onTime, waitMs)
  }

  function onTime(): void {
    isScheduled = false
    // With everything on its way the next arrival back sends what has gathered.
    if (inFlight.size < maxInFlight) close()
  }

  function close(): void {
    if (size() === 0) return
    if (waitMs > 0) {
      clearTimeout(timer)
      isScheduled = false
    }
    pack()
    const closed = { ...packer.seal(now()), since, waiters }
    waiters = []
    if (pending > maxPending) dispatch(closed, spill)
    else waiting.push(closed)
    pump()
  }

  function dispatch(batch: ClosedBatch, take: BatcherOptions['send']): void {
    const sent = take(batch, batch.since)
    inFlight.add(sent)
    const onSettled = () => {
      inFlight.delete(sent)
      pending -= batch.clicks
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

  function pack(): void {
    const visits: (string | null)[] = []
    const rows = drafts.map((draft, place) => {
      const at = times[place] as number
      const visit = draft.visit === undefined ? null : readVisit(draft.visit, at)
      visits.push(visit === null ? null : visit.name)
      const visitor = draft.ip === null ? null : nameVisitor(draft.ip, draft.userAgent)
      return toRow(draft, visit?.at ?? at, visitor)
    })
    packer.add(rows, visits)
    drafts = []
    times = []
  }

  return {
    add(draft, waiter) {
      const at = now()
      if (size() === 0) since = at
      drafts.push(draft)
      times.push(at)
      if (waiter !== null) waiters.push(waiter)
      pending++
      if (size() >= maxRows) {
        close()
        return
      }
      if (drafts.length === PACK) pack()
      schedule()
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
