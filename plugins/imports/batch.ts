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
  /** Months ('2025-07') of the rows' timestamps, for events. */
  readonly months: ReadonlySet<string>
}

/** Collects rows into batches. Of rows with one id in a batch only the first is kept. */
export interface BatchBuilder {
  readonly rows: number
  readonly bytes: number
  /** Rows left out because their id was there before, since the last batch was taken. */
  readonly repeated: number
  add(rows: readonly ReadRow[]): void
  /** Gives what was collected and starts anew. */
  take(): Batch
}

export function createBatchBuilder(kind: Kind): BatchBuilder {
  const timestamp = columnIndex(kind, 'timestamp')
  let chunks: Buffer[] = []
  let bytes = 0
  let repeated = 0
  let ids = new Set<number>()
  let months = new Set<string>()
  let leastId = Infinity
  let greatestId = 0
  return {
    get rows() {
      return ids.size
    },
    get bytes() {
      return bytes
    },
    get repeated() {
      return repeated
    },
    add(rows) {
      let text = ''
      for (const { line, id, values } of rows) {
        if (ids.has(id)) {
          repeated++
          continue
        }
        ids.add(id)
        if (id < leastId) leastId = id
        if (id > greatestId) greatestId = id
        if (timestamp !== -1) months.add(values[timestamp]?.slice(0, 7) ?? '')
        text += encodeCopyRow(line, values)
      }
      if (text === '') return
      const chunk = Buffer.from(text)
      chunks.push(chunk)
      bytes += chunk.length
    },
    take() {
      const batch = { kind, chunks, rows: ids.size, bytes, leastId, greatestId, months }
      chunks = []
      bytes = 0
      repeated = 0
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
