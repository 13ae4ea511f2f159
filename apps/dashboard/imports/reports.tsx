import { download } from '#dashboard/core/download.ts'
import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { Button } from '#dashboard/ui/button.tsx'
import { Icon } from '#dashboard/ui/icon.tsx'
import type { ImportReport, SetReport } from '#schema/shapes/import-report.ts'
import { KIND_NAMES, type KindName } from './kinds.ts'
import { type Remark, Remarks, toCsv } from './remarks.tsx'
import { resetUpload } from './upload.ts'

const COUNTS = ['imported', 'skipped', 'rejected', 'renumbered'] as const

/** Warnings of a report end at this many, without a count of the others. */
const MAX_WARNINGS = 1_000

/** What an import did: the counts of each file, and the lines with errors and warnings. */
export function Reports({ reports }: { reports: SetReport }) {
  const t = text.value.imports
  const files = KIND_NAMES.flatMap((kind) => {
    const report = reports[kind]
    return report ? [{ kind, report }] : []
  })
  const rows = files.flatMap(({ kind, report }) => listRemarks(report, files.length > 1 ? kind : null))
  const unlisted = files.reduce((sum, { report }) => sum + report.rejected - report.errors.length, 0)
  const isCut = files.some(({ report }) => report.warnings.length >= MAX_WARNINGS)
  const rejected = files.reduce((sum, { report }) => sum + report.rejected, 0)
  const leftOut = files.reduce((sum, { report }) => sum + report.conflicts - report.renumbered, 0)
  const results = [
    ...(rejected > 0 ? [t.doneWithErrors(formatNumber(rejected), rejected)] : []),
    ...(leftOut > 0 ? [t.doneWithConflicts(formatNumber(leftOut), leftOut)] : [])
  ]
  return (
    <>
      <p class="row import-result" role="status">
        <Icon name={results.length > 0 ? 'alert' : 'check'} />
        <span class="wrap">{results.join(' ') || t.done}</span>
      </p>
      {files.map(({ kind, report }) => (
        <Counts key={kind} kind={kind} report={report} />
      ))}
      <div class="row">
        <Button kind="primary" onClick={resetUpload}>
          {t.again}
        </Button>
        {rows.length > 0 && (
          <Button
            icon="download"
            onClick={() => download('import-report.csv', new Blob([toCsv(rows)], { type: 'text/csv' }))}
          >
            {t.downloadReport}
          </Button>
        )}
      </div>
      {(unlisted > 0 || isCut) && (
        <p class="soft">
          {unlisted > 0 && t.unlisted(formatNumber(unlisted), unlisted)} {isCut && t.warningsCut}
        </p>
      )}
      {rows.length > 0 && <Remarks rows={rows} />}
    </>
  )
}

function Counts({ kind, report }: { kind: KindName; report: ImportReport }) {
  const t = text.value.imports
  return (
    <div class="import-counts">
      <h3>
        {t.kinds[kind]} <span class="soft number">{t.rows(formatNumber(report.count), report.count)}</span>
      </h3>
      <dl class="totals is-counts">
        {COUNTS.map((name) => (
          <div key={name}>
            <dt class="is-plain soft">{t.counts[name]}</dt>
            <dd class="fact number">{formatNumber(report[name])}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

function listRemarks({ errors, warnings }: ImportReport, kind: KindName | null): Remark[] {
  return [
    ...errors.map((one) => ({ ...one, kind, isError: true })),
    ...warnings.map((one) => ({ ...one, kind, isError: false }))
  ].sort((one, other) => one.line - other.line)
}
