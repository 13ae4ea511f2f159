import { MAX_IMPORTED_ID } from './cells.ts'
import { encodeCopyRow } from './copy-text.ts'
import { columnIndex, type Kind } from './kinds.ts'
import type { ReadRow } from './rows.ts'

/**
 * Rows on their way to the database, already in COPY's text and outside the JavaScript heap: as objects, the rows of
 * two batches would be copied by the garbage collector again and again, which took a third of an import's CPU time.
 */
export interface Batch {
  readonly kind: Kind
  /** Each ends with a row's end. */
  readonly chunks: readonly Buffer[]
  readonly rows: number
  readonly bytes: number
  readonly leastId: number
  readonly greatestId: number
  /** Ids that are drawn for rows are greater: out of reach of the ids that later batches of the file bring. */
  readonly drawAfter: number
  /** Months ('2025-07') of the rows' timestamps, for events. */
  readonly months: ReadonlySet<string>
  /** Whether two rows have the same id. */
  readonly hasRepeats: boolean
  /** Whether a row lacks a value that is made. */
  readonly hasGaps: boolean
}

/**
 * Ids of a file that has more batches are drawn this far beyond its greatest id so far. An upload of 1 GiB has fewer rows, so only a file
 * with such gaps between its ids reaches them.
 */
const DRAW_DISTANCE = 100_000_000

/** Collects rows into batches. */
export interface BatchBuilder {
  readonly rows: number
  readonly bytes: number
  add(rows: readonly ReadRow[]): void
  /** Gives what was collected and starts anew. `isLast` if no more rows follow. */
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

/** The rows of a batch in COPY's text, without line ends. */
export function listRows(batch: Batch): string[] {
  return Buffer.concat(batch.chunks).toString().split('\n').slice(0, -1)
}

/** Two halves of a batch of at least two rows. The bounds of ids and months stay those of the whole. */
export function halveBatch(batch: Batch): [Batch, Batch] {
  const rows = listRows(batch)
  const middle = rows.length >> 1
  const part = (texts: string[]): Batch => {
    const chunk = Buffer.from(`${texts.join('\n')}\n`)
    return { ...batch, chunks: [chunk], rows: texts.length, bytes: chunk.length }
  }
  return [part(rows.slice(0, middle)), part(rows.slice(middle))]
}
