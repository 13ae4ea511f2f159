import type { Database } from '#platform/database/index.ts'
import { formatCsvLine, GUARDED_MARK, guard } from '#schema/shapes/csv.ts'
import type { ImportReport, OnConflict } from '#schema/shapes/import-report.ts'
import { type Batch, createBatchBuilder } from './batch.ts'
import type { BatchStore } from './batch-store.ts'
import type { KindName } from './contract.ts'
import { importsBusy } from './errors.ts'
import { KIND_ORDER, type Kind, type Kinds } from './kinds.ts'
import { createReferences, type References } from './references.ts'
import { createReportBuilder } from './report.ts'
import { type ReadPiece, readCsvRows, readJsonRows, warnOfNewRows } from './rows.ts'
import { findColumns, inSnapshot, readRows } from './store-export.ts'

/** Files of one set. If an earlier file assigns new ids, the references of later files follow. */
export interface ImportSet {
  /**
   * Imports a CSV file from its bytes. `onProgress` gets the number of processed rows after each batch.
   * Throws IMPORT_UNREADABLE for a file without a usable header, IMPORT_CONFLICT, IMPORTS_BUSY. Rows stored
   * before an error stay.
   */
  importCsv(
    kind: KindName,
    source: AsyncIterable<Buffer>,
    onProgress?: (rows: number) => void
  ): Promise<ImportReport>
  /**
   * Imports a parsed JSON array of objects with the columns of the files. Throws BODY_MALFORMED,
   * IMPORT_CONFLICT, IMPORTS_BUSY.
   */
  importJson(kind: KindName, body: unknown): Promise<ImportReport>
}

/** `app.imports`: imports and exports of whole sets. */
export interface ImportService {
  /** Opens a set. Its files must come in the order users, urls, events. */
  openSet(onConflict: OnConflict): ImportSet
  /**
   * Exports one snapshot of the database: calls `write` with the name and the text of each file in turn.
   * Importing the files restores the same rows. With `isGuarded` no cell is a formula to a spreadsheet (see
   * #schema/shapes/csv.ts); importing such files restores the same rows too. `only` selects files. Throws
   * IMPORTS_BUSY.
   */
  exportCsv(
    write: (kind: KindName, text: AsyncIterable<string>) => Promise<void>,
    options?: { isGuarded?: boolean; only?: readonly KindName[] }
  ): Promise<void>
}

interface Run {
  onConflict: OnConflict
  references: References
  onProgress?: ((rows: number) => void) | undefined
}

export interface ImportCollaborators {
  /** Writes an import to the audit log. Aborted imports are included, because their stored rows stay. */
  audit(kind: KindName, report: ImportReport): Promise<void>
  /** Runs after each completed import. */
  onFinish(kind: KindName, report: ImportReport): void
}

/** Maximum concurrent imports; each holds two batches in memory. Further imports are rejected, not queued. */
const MAX_IMPORTS = 8
/** Maximum concurrent exports; each holds a connection and a snapshot for as long as its client reads. */
const MAX_EXPORTS = 2
const BATCH_ROWS = 20_000
/** An export sends its lines in chunks of at least this many characters. */
const EXPORT_CHUNK = 256 * 1024
/** Ends a batch of few large rows. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024

export function createImportService(
  database: Database,
  batches: BatchStore,
  kinds: Kinds,
  { audit, onFinish }: ImportCollaborators
): ImportService {
  const limitImports = createLimit(MAX_IMPORTS)
  const limitExports = createLimit(Math.min(MAX_EXPORTS, database.pool.options.max - 1))

  /** Reads the next batch while the last one is being stored, so that at most two are in memory. */
  async function importPieces(
    kind: Kind,
    pieces: AsyncIterable<ReadPiece>,
    { onConflict, references, onProgress }: Run
  ) {
    const report = createReportBuilder()
    const builder = createBatchBuilder(kind)
    const lastDrawn = await batches.findLastDrawn(kind.name)
    let storing: Promise<void> = Promise.resolve()
    async function storeBatch(batch: Batch) {
      const outcome = await batches.store(batch, { lastDrawn, onConflict })
      if (outcome.imported > 0) await kind.onStored?.()
      references.record(kind.name, outcome.newIds)
      report.add(outcome)
      onProgress?.(report.count)
    }
    const flush = async (isLast = false) => {
      const batch = builder.take(isLast)
      await storing
      storing = storeBatch(batch)
      // The next await handles its error; until then the rejection must not count as unhandled.
      storing.catch(() => undefined)
    }
    try {
      for await (const piece of pieces) {
        const { rows, refused, remark, warnings } = references.rewrite(kind, piece)
        report.reject(refused)
        report.warn([remark ?? [], warnOfNewRows(kind, piece) ?? [], warnings].flat())
        builder.add(rows)
        if (builder.rows >= BATCH_ROWS || builder.bytes >= MAX_BATCH_BYTES) await flush()
      }
      if (builder.rows > 0) await flush(true)
      await storing
    } catch (error) {
      // A failed import ends only after its last batch has ended.
      await storing.catch(() => undefined)
      if (report.imported > 0) await audit(kind.name, report.finish()).catch(() => undefined)
      throw error
    }
    await audit(kind.name, report.finish())
    return report.finish()
  }

  async function runImport(name: KindName, pieces: AsyncIterable<ReadPiece>, run: Run) {
    const report = await importPieces(kinds[name], pieces, run)
    onFinish(name, report)
    return report
  }

  function openSet(onConflict: OnConflict): ImportSet {
    const references = createReferences(onConflict)
    return {
      importCsv: (kind, source, onProgress) =>
        limitImports(() =>
          runImport(kind, readCsvRows(kinds[kind], source), { onConflict, references, onProgress })
        ),
      importJson: (kind, body) =>
        limitImports(() => runImport(kind, readJsonRows(kinds[kind], body), { onConflict, references }))
    }
  }

  return {
    openSet,

    exportCsv: (write, { isGuarded = false, only = KIND_ORDER } = {}) =>
      limitExports(() =>
        database.withClient((client) =>
          inSnapshot(client, async () => {
            for (const name of only) {
              const kind = kinds[name]
              const columns = await findColumns(client, kind)
              await write(name, formatFile())

              async function* formatFile() {
                const header = columns.map((column) => column.name)
                yield formatCsvLine(isGuarded ? [...header, GUARDED_MARK] : header)
                for await (const rows of readRows(client, kind, columns)) {
                  yield* joinLines(rows.map(isGuarded ? formatGuarded : formatCsvLine))
                }
              }
            }
          })
        )
      )
  }
}

/** Creates a function that runs `work`, or throws IMPORTS_BUSY while `max` others run. */
function createLimit(max: number) {
  let active = 0
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (active === max) throw importsBusy()
    active++
    try {
      return await work()
    } finally {
      active--
    }
  }
}

function formatGuarded(fields: readonly (string | null)[]): string {
  return formatCsvLine([...fields.map((field) => field && guard(field)), null])
}

/** Joins lines into chunks, because all lines of a fetch may exceed the maximum length of a string. */
function* joinLines(lines: string[]): Generator<string> {
  let text = ''
  for (const line of lines) {
    text += line
    if (text.length < EXPORT_CHUNK) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}
