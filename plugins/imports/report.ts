import type { ImportReport } from '#schema/shapes/import-report.ts'
import type { Remark } from './contract.ts'

/** Maximum listed errors, and maximum listed warnings. The report only counts further ones. */
const MAX_LINES = 1_000

/** The outcome of a batch of rows. */
export interface Outcome {
  imported: number
  skipped: number
  renumbered: number
  /** The rows whose id belongs to a different row. */
  conflicts: Remark[]
  rejected: Remark[]
  warnings: Remark[]
  /** Ids of the file and their new ids in the database; null for rejected rows. */
  newIds: [id: string, newId: string | null][]
}

export const NOTHING: Outcome = {
  imported: 0,
  skipped: 0,
  renumbered: 0,
  conflicts: [],
  rejected: [],
  warnings: [],
  newIds: []
}

/** Adds the outcomes of two parts of a batch. */
export function addOutcomes(one: Outcome, other: Outcome): Outcome {
  return {
    imported: one.imported + other.imported,
    skipped: one.skipped + other.skipped,
    renumbered: one.renumbered + other.renumbered,
    conflicts: [...one.conflicts, ...other.conflicts],
    rejected: [...one.rejected, ...other.rejected],
    warnings: [...one.warnings, ...other.warnings],
    newIds: [...one.newIds, ...other.newIds]
  }
}

/** Collects the outcomes of one import in bounded memory. */
export function createReportBuilder() {
  const report: ImportReport = {
    count: 0,
    imported: 0,
    skipped: 0,
    rejected: 0,
    conflicts: 0,
    renumbered: 0,
    errors: [],
    warnings: []
  }
  const warned = new Set<string>()

  const builder = {
    reject(remarks: readonly Remark[]) {
      report.count += remarks.length
      report.rejected += remarks.length
      for (const { line, reason } of remarks.slice(0, MAX_LINES - report.errors.length))
        report.errors.push({ line, reason })
    },

    /** Lists each reason once, at its first line: a million rows may refer to the same unknown user. */
    warn(remarks: readonly Remark[]) {
      for (const { line, reason } of remarks) {
        if (warned.size === MAX_LINES) return
        if (warned.has(reason)) continue
        warned.add(reason)
        report.warnings.push({ line, reason })
      }
    },

    add({ imported, skipped, renumbered, conflicts, rejected, warnings }: Outcome) {
      report.count += imported + skipped
      report.imported += imported
      report.skipped += skipped
      report.conflicts += conflicts.length
      report.renumbered += renumbered
      builder.reject(rejected)
      builder.warn(conflicts)
      builder.warn(warnings)
    },

    /** Returns the report so far, sorted by line. */
    finish(): ImportReport {
      const byLine = (one: Remark, other: Remark) => one.line - other.line
      return { ...report, errors: report.errors.toSorted(byLine), warnings: report.warnings.toSorted(byLine) }
    },

    /** Rows stored so far. */
    get imported() {
      return report.imported
    },

    /** Rows read so far. */
    get count() {
      return report.count
    }
  }
  return builder
}
