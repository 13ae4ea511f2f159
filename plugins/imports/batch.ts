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
  let draft = createDraft()
  let greatestOfFile = 0
  return {
    get rows() {
      return draft.rows
    },
    get bytes() {
      return draft.bytes
    },
    add(added) {
      const { ids, months } = draft
      let text = ''
      for (const { line, id, values, hasGaps } of added) {
        if (id !== null) {
          if (ids.has(id)) draft.hasRepeats = true
          ids.add(id)
          if (id < draft.leastId) draft.leastId = id
          if (id > draft.greatestId) draft.greatestId = id
        }
        if (hasGaps) draft.hasGaps = true
        if (timestamp !== -1) months.add(values[timestamp]?.slice(0, 7) ?? '')
        text += encodeCopyRow(line, values)
      }
      if (text === '') return
      const chunk = Buffer.from(text)
      draft.rows += added.length
      draft.chunks.push(chunk)
      draft.bytes += chunk.length
    },
    take(isLast) {
      const { ids: _ids, ...taken } = draft
      draft = createDraft()
      greatestOfFile = Math.max(greatestOfFile, taken.greatestId)
      const distant = greatestOfFile + DRAW_DISTANCE
      return { kind, ...taken, drawAfter: isLast || distant > MAX_IMPORTED_ID ? 0 : distant }
    }
  }
}

/** A batch without rows yet. */
function createDraft() {
  return {
    chunks: [] as Buffer[],
    rows: 0,
    bytes: 0,
    leastId: Infinity,
    greatestId: 0,
    ids: new Set<number>(),
    months: new Set<string>(),
    hasRepeats: false,
    hasGaps: false
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
