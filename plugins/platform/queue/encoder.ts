/**
 * How the items of a queue travel. A draft is what the caller adds, an item is what is stored, and a record
 * is the text of one batch, the same in Redis, on the disk and in memory.
 */
export interface Codec<Draft, Item> {
  createEncoder(): Encoder<Draft>
  /** Reads a record; throws when it is not a batch of these items. */
  decode(record: string): Item[]
}

/** A batch as it travels. */
export interface EncodedBatch {
  /** How many items it holds. */
  readonly items: number
  readonly record: string
}

/** Writes batches, some items at a time. */
export interface Encoder<Draft> {
  /** Items that are written and not sealed. */
  readonly items: number
  /** Adds drafts; `times` holds when each was added, in milliseconds since the epoch. */
  add(drafts: Draft[], times: number[]): void
  /** Returns everything since the last seal as one batch; `now` is in milliseconds since the epoch. */
  seal(now: number): EncodedBatch
}

/** Bytes that a list keeps for the next batch: enough for 2,000 usual clicks. */
const KEPT = 512 * 1024

/**
 * Makes a list of JSON values that is text already, in memory that V8 does not manage: as objects, thousands
 * of items would outlive two collections of the young generation and then fill the old one
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
    /** Returns the values with commas between them, and begins anew. */
    take(): string {
      const text = bytes.toString('utf8', 0, length)
      length = 0
      if (bytes.length > KEPT) bytes = Buffer.allocUnsafe(KEPT)
      return text
    }
  }
}
