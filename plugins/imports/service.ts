import type { Database } from '#platform/database/index.ts'
import type { ImportReport, OnConflict } from '#schema/shapes/import-report.ts'
import { type Batch, createBatchBuilder } from './batch.ts'
import type { BatchStore } from './batch-store.ts'
import type { KindName } from './contract.ts'
import { formatCsvLine } from './csv-writer.ts'
import { importsBusy } from './errors.ts'
import { GUARDED_MARK, guard } from './formulas.ts'
import { KIND_ORDER, type Kind, type Kinds } from './kinds.ts'
import { createReferences, type References } from './references.ts'
import { createReportBuilder } from './report.ts'
import { type ReadPiece, readCsvRows, readJsonRows, warnOfNewRows } from './rows.ts'
import { findColumns, inSnapshot, readRows } from './store-export.ts'

/** Files that belong together: what one refers to may get another id by the one before. */
export interface ImportSet {
  /**
   * Imports a CSV file from its bytes. `onProgress` gets the rows that are done after each batch. Throws IMPORT_UNREADABLE for a file
   * without a usable header, IMPORT_CONFLICT, IMPORTS_BUSY; what was stored before an error stays.
   */
  importCsv(
    kind: KindName,
    source: AsyncIterable<Buffer>,
    onProgress?: (rows: number) => void
  ): Promise<ImportReport>
  /** Imports a parsed JSON array of objects with the columns of the files. Throws BODY_MALFORMED, IMPORT_CONFLICT, IMPORTS_BUSY. */
  importJson(kind: KindName, body: unknown): Promise<ImportReport>
}

/** `app.imports`: whole sets in and out. */
export interface ImportService {
  /** Opens a set of files that come in the order users, urls, events. */
  openSet(onConflict: OnConflict): ImportSet
  /**
   * Exports everything as of one moment: calls `write` with the name and the text of one file after the other.
   * Reading what was written gives the same rows. With `isGuarded` no cell is a formula to a spreadsheet (see
   * formulas.ts); such files are read back to the same rows too. `only` names the files that are wanted. Throws IMPORTS_BUSY.
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
  /** Tells the audit log of an import, also of one that broke off: what was stored before stays. */
  audit(kind: KindName, report: ImportReport): Promise<void>
  /** Told of each finished import. */
  onFinish(kind: KindName, report: ImportReport): void
}

/** Most concurrent imports; each holds two batches in memory. More are refused, not queued. */
const MAX_IMPORTS = 8
/** Most concurrent exports; each holds a connection and a snapshot for as long as its client reads. */
const MAX_EXPORTS = 2
const BATCH_ROWS = 20_000
/** Characters after which lines of an export are sent on. */
const EXPORT_CHUNK = 256 * 1024
/** Closes a batch of few large rows. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024

export function createImportService(
  database: Database,
  batches: BatchStore,
  kinds: Kinds,
  { audit, onFinish }: ImportCollaborators
): ImportService {
  const limitImports = createLimit(MAX_IMPORTS)
  const limitExports = createLimit(Math.min(MAX_EXPORTS, database.pool.options.max - 1))

  /** While a batch is being stored the next one is read: at most two are in memory. */
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
      // Its failure is met at the next await; until then it must not count as unhandled.
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
      // An import that fails has not ended before its last batch has.
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

/** Gives a function that runs `work`, or throws IMPORTS_BUSY while `max` others run. */
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

/** Texts of some lines each: all lines of a fetch may be more than one text should hold. */
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
