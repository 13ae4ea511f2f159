import { MAX_IMPORTED_ID } from './cells.ts'
import { encodeCopyRow } from './copy-text.ts'
import { columnIndex, type Kind } from './kinds.ts'
import type { ReadRow } from './rows.ts'

/**
 * Rows to store, already encoded for COPY and outside the JavaScript heap. As objects, the rows of two
 * batches survived several garbage collections, and copying them took a third of an import's CPU time.
 */
export interface Batch {
  readonly kind: Kind
  /** Each chunk ends with the end of a row. */
  readonly chunks: readonly Buffer[]
  readonly rows: number
  readonly bytes: number
  readonly leastId: number
  readonly greatestId: number
  /**
   * Generated ids are greater than this one, so that they do not take the ids of later batches of the file.
   */
  readonly drawAfter: number
  /** Months ('2025-07') of the rows' timestamps, for events. */
  readonly months: ReadonlySet<string>
  /** Whether two rows have the same id. */
  readonly hasRepeats: boolean
  /** Whether a row lacks a value that the import generates. */
  readonly hasGaps: boolean
}

/**
 * If more batches of the file follow, generated ids start this far above its greatest id so far. An upload of
 * 1 GiB has fewer rows, so a later row reaches a generated id only if the file's ids have such gaps.
 */
const DRAW_DISTANCE = 100_000_000

/** Collects rows into batches. */
export interface BatchBuilder {
  readonly rows: number
  readonly bytes: number
  add(rows: readonly ReadRow[]): void
  /** Returns the collected rows and starts a new batch. `isLast`: no more rows follow. */
  take(isLast: boolean): Batch
}

export function createBatchBuilder(kind: Kind): BatchBuilder {
  const timestamp = columnIndex(kind, 'timestamp')
  let chunks: Buffer[] = []
  let bytes = 0
  let rows = 0
  let hasRepeats = false
  let hasGaps = false
  let ids = new Set<number>()
  let months = new Set<string>()
  let leastId = Infinity
  let greatestId = 0
  let greatestOfFile = 0
  return {
    get rows() {
      return rows
    },
    get bytes() {
      return bytes
    },
    add(added) {
      let text = ''
      for (const { line, id, values, hasGaps: lacks } of added) {
        if (id !== null) {
          if (ids.has(id)) hasRepeats = true
          ids.add(id)
          if (id < leastId) leastId = id
          if (id > greatestId) greatestId = id
        }
        if (lacks) hasGaps = true
        if (timestamp !== -1) months.add(values[timestamp]?.slice(0, 7) ?? '')
        text += encodeCopyRow(line, values)
      }
      if (text === '') return
      rows += added.length
      const chunk = Buffer.from(text)
      chunks.push(chunk)
      bytes += chunk.length
    },
    take(isLast) {
      greatestOfFile = Math.max(greatestOfFile, greatestId)
      const distant = greatestOfFile + DRAW_DISTANCE
      const drawAfter = isLast || distant > MAX_IMPORTED_ID ? 0 : distant
      const batch = { kind, chunks, rows, bytes, leastId, greatestId, drawAfter, months, hasRepeats, hasGaps }
      chunks = []
      bytes = 0
      rows = 0
      hasRepeats = false
      hasGaps = false
      ids = new Set()
      months = new Set()
      leastId = Infinity
      greatestId = 0
      return batch
    }
  }
}

/** The rows of a batch, encoded for COPY, without line ends. */
export function listRows(batch: Batch): string[] {
  return Buffer.concat(batch.chunks).toString().split('\n').slice(0, -1)
}

/** Splits a batch of at least two rows into halves. Both keep the bounds of ids and months of the whole. */
export function halveBatch(batch: Batch): [Batch, Batch] {
  const rows = listRows(batch)
  const middle = rows.length >> 1
  const part = (texts: string[]): Batch => {
    const chunk = Buffer.from(`${texts.join('\n')}\n`)
    return { ...batch, chunks: [chunk], rows: texts.length, bytes: chunk.length }
  }
  return [part(rows.slice(0, middle)), part(rows.slice(middle))]
}
