import { setTimeout as wait } from 'node:timers/promises'

/** Stores items from a stream or a log, and retries while the database is unavailable. */
export interface StoringOptions<Item> {
  /** Stores items idempotently; rejects with nothing stored. */
  store(items: Item[]): Promise<void>
  /** True if a retry may succeed (database unavailable), false if the data is invalid. */
  isTransient(error: unknown): boolean
  /** Keeps items that cannot be stored, for operators to inspect. */
  deadLetter(letter: DeadLetter<Item>, error: unknown): Promise<void>
  onStored(items: number): void
  /** Called at the first failure of an operation that is then retried. */
  onOutage(error: unknown): void
}

/** An item that the database refuses, or a record that is not a batch. */
export type DeadLetter<Item> = Item | { record: string }

export interface Storing<Item> {
  /** Stores the items of batches. Items that the database refuses become dead letters. */
  store(batches: Item[][]): Promise<void>
  deadLetter(letter: DeadLetter<Item>, error: unknown): Promise<void>
}

/** Both functions retry until they succeed, and reject when `signal` aborts. */
export function createStoring<Item>(options: StoringOptions<Item>, signal: AbortSignal): Storing<Item> {
  /** Retries `work` with growing pauses. Returns null on success, else the permanent error. */
  async function persist(work: () => Promise<void>, isTransient: (error: unknown) => boolean) {
    for (let failures = 0; ; ) {
      try {
        await work()
        return null
      } catch (error) {
        if (!isTransient(error)) return error
        if (failures++ === 0) options.onOutage(error)
        await wait(Math.min(50 * 2 ** failures, 2_000), undefined, { signal })
      }
    }
  }

  async function refusal(items: Item[]): Promise<unknown> {
    const error = await persist(() => options.store(items), options.isTransient)
    if (error === null) options.onStored(items.length)
    return error
  }

  async function deadLetter(letter: DeadLetter<Item>, reason: unknown): Promise<void> {
    await persist(
      () => options.deadLetter(letter, reason),
      () => true
    )
  }

  return {
    deadLetter,
    async store(batches) {
      const items = batches.flat()
      if (items.length === 0 || (await refusal(items)) === null) return
      // The database refuses one of the items: store batch by batch, then item by item.
      for (const batch of batches) {
        if ((await refusal(batch)) === null) continue
        for (const item of batch) {
          const error = await refusal([item])
          if (error !== null) await deadLetter(item, error)
        }
      }
    }
  }
}
