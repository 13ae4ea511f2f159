import { setTimeout as wait } from 'node:timers/promises'

/** Stores what was taken from a stream or a log, however long the database is away. */
export interface StoringOptions<Item> {
  /** Stores items idempotently; rejects with nothing stored. */
  store(items: Item[]): Promise<void>
  /** True when trying the same again may help (the database is away), false when the data is to blame. */
  isTransient(error: unknown): boolean
  /** Keeps what can't be stored for people to look at. */
  deadLetter(letter: DeadLetter<Item>, error: unknown): Promise<void>
  onStored(items: number): void
  /** Called when an attempt failed that is repeated; once for all attempts at the same. */
  onOutage(error: unknown): void
}

/** An item that the database refuses, or a record that is no batch. */
export type DeadLetter<Item> = Item | { record: string }

export interface Storing<Item> {
  /** Stores the items of batches; those that the database refuses become dead letters. */
  store(batches: Item[][]): Promise<void>
  deadLetter(letter: DeadLetter<Item>, error: unknown): Promise<void>
}

/** Both functions repeat what fails until it succeeds, or reject when `signal` is aborted. */
export function createStoring<Item>(options: StoringOptions<Item>, signal: AbortSignal): Storing<Item> {
  /** Repeats `work` with growing pauses. Returns null after success, else the permanent error. */
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
      // The database refuses one of them: store batch by batch, then item by item.
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
