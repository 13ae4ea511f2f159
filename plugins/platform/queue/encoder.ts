import { createBatchId, type Row } from '#plugins/clicks/click.ts'

/** A batch as it travels. */
export interface PackedBatch {
  readonly clicks: number
  /** What `decodeBatch` reads. */
  readonly record: string
}

/** Writes batches, some clicks at a time. */
export interface Packer {
  /** Clicks that are packed and not sealed. */
  readonly clicks: number
  /** Adds clicks; `visits` has the name of the visit, or null, for each of `rows`. */
  add(rows: Row[], visits: (string | null)[]): void
  /** Gives all that was added since the last time, as one batch whose ids are of the time `now` (milliseconds since the epoch). */
  seal(now: number): PackedBatch
}

/**
 * Makes a packer. What it holds is written out already, in memory that V8 does not manage: thousands of clicks gather for a batch,
 * and as objects they outlive two collections of the young generation, are copied by both and then fill the old one
 * (docs/adr/2026-11-29-clicks-gather-outside-the-heap.md).
 */
export function createPacker(): Packer {
  const rows = createList()
  const visits = createList()
  let clicks = 0
  let isNamed = false
  return {
    get clicks() {
      return clicks
    },
    add(more, names) {
      clicks += more.length
      isNamed ||= names.some((name) => name !== null)
      rows.add(more)
      visits.add(names)
    },
    seal(now) {
      const named = visits.take()
      const record = `{"id":"${createBatchId(now)}","rows":[${rows.take()}]${isNamed ? `,"visits":[${named}]` : ''}}`
      const sealed = { clicks, record }
      clicks = 0
      isNamed = false
      return sealed
    }
  }
}

/** What a list keeps for the next batch, in bytes: enough for 2,000 usual clicks. */
const KEPT = 512 * 1024

/** The items of a JSON array, written out. */
function createList() {
  let bytes = Buffer.allocUnsafe(KEPT)
  let length = 0
  return {
    add(items: unknown[]): void {
      if (items.length === 0) return
      const text = `${length > 0 ? ',' : ''}${JSON.stringify(items).slice(1, -1)}`
      // No UTF-16 unit takes more than three bytes of UTF-8.
      const needed = length + text.length * 3
      if (needed > bytes.length) {
        const larger = Buffer.allocUnsafe(needed * 2)
        bytes.copy(larger, 0, 0, length)
        bytes = larger
      }
      length += bytes.write(text, length)
    },
    take(): string {
      const text = bytes.toString('utf8', 0, length)
      length = 0
      if (bytes.length > KEPT) bytes = Buffer.allocUnsafe(KEPT)
      return text
    }
  }
}
