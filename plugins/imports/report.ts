import type { ImportReport } from '#schema/shapes/import-report.ts'

/** Lines that are told of each sort; what is beyond is only counted. */
const MAX_LINES = 1_000

export interface Remark {
  line: number
  reason: string
}

/** What a batch of rows came to. */
export interface Outcome {
  imported: number
  skipped: number
  rejected: Remark[]
  warnings: Remark[]
}

/** Collects what became of the rows of one import, in bounded memory. */
export function createReportBuilder() {
  const report: ImportReport = { count: 0, imported: 0, skipped: 0, rejected: 0, errors: [], warnings: [] }
  const warned = new Set<string>()

  const builder = {
    reject(remarks: readonly Remark[]) {
      report.count += remarks.length
      report.rejected += remarks.length
      report.errors.push(...remarks.slice(0, MAX_LINES - report.errors.length))
    },

    /** Each reason is told once, where it was first met: one unknown user may own a million rows. */
    warn(remarks: readonly Remark[]) {
      for (const { line, reason } of remarks) {
        if (warned.size === MAX_LINES) return
        if (warned.has(reason)) continue
        warned.add(reason)
        report.warnings.push({ line, reason })
      }
    },

    /** Counts rows whose id came before in the same file. */
    skip(rows: number) {
      report.count += rows
      report.skipped += rows
    },

    add({ imported, skipped, rejected, warnings }: Outcome) {
      report.count += imported + skipped
      report.imported += imported
      report.skipped += skipped
      builder.reject(rejected)
      builder.warn(warnings)
    },

    /** The report so far, its lines in order. */
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
