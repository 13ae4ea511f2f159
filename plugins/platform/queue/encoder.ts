/**
 * Formats of a queue's items. A caller adds a draft, and the database stores an item. A record is the text of
 * one batch, the same in Redis, on the disk and in memory.
 */
export interface Codec<Draft, Item> {
  createEncoder(): Encoder<Draft>
  /** Parses a record. Throws when it is not a batch of these items. */
  decode(record: string): Item[]
}

/** An encoded batch. */
export interface EncodedBatch {
  /** Number of items in the batch. */
  readonly items: number
  readonly record: string
}

/** Encodes batches incrementally. */
export interface Encoder<Draft> {
  /** Number of items encoded since the last seal. */
  readonly items: number
  /** Adds drafts; `times` holds when each was added, in milliseconds since the epoch. */
  add(drafts: Draft[], times: number[]): void
  /** Returns everything since the last seal as one batch; `now` is in milliseconds since the epoch. */
  seal(now: number): EncodedBatch
}

/** Bytes of buffer that a list keeps for the next batch: enough for 2,000 typical clicks. */
const KEPT = 512 * 1024

/**
 * Makes a list of JSON values as text in memory outside the V8 heap. As objects, thousands of items would
 * survive two young-generation collections and fill the old generation
 * (docs/adr/2026-11-29-click-buffer-outside-the-heap.md).
 */
export function createJsonList() {
  let bytes = Buffer.allocUnsafe(KEPT)
  let length = 0
  return {
    add(values: unknown[]): void {
      if (values.length === 0) return
      const text = `${length > 0 ? ',' : ''}${JSON.stringify(values).slice(1, -1)}`
      // No UTF-16 unit takes more than three bytes of UTF-8.
      const needed = length + text.length * 3
      if (needed > bytes.length) {
        const larger = Buffer.allocUnsafe(needed * 2)
        bytes.copy(larger, 0, 0, length)
        bytes = larger
      }
      length += bytes.write(text, length)
    },
    /** Returns the values separated by commas, and clears the list. */
    take(): string {
      const text = bytes.toString('utf8', 0, length)
      length = 0
      if (bytes.length > KEPT) bytes = Buffer.allocUnsafe(KEPT)
      return text
    }
  }
}
