/** Parses tap's TAP output (https://testanything.org): totals for the last line, and the failures. */

export interface Totals {
  passed: number
  failed: number
  skipped: number
}

/** The totals of assertions at the end of tap's report; all zero if the report has no such line. */
export function readTotals(report: string): Totals {
  const line = report.match(/^# \{ total: .* \}$/gm)?.at(-1) ?? ''
  const read = (name: string) => Number(line.match(new RegExp(`\\b${name}: (\\d+)`))?.[1] ?? 0)
  return { passed: read('pass'), failed: read('fail'), skipped: read('skip') + read('todo') }
}

/**
 * Returns a function that takes a report line by line and returns the lines to print: one for each test file.
 * For a failed file it also returns the failed assertions with their diagnostics.
 */
export function createFilter(): (line: string) => string[] {
  let held: string[] = []
  // The indentation of the failed assertion with the current or next diagnostics.
  let failedAt: string | null = null
  let isDiagnostic = false

  return (line) => {
    const indent = line.match(/^ */)?.[0] ?? ''
    const text = line.trim()
    if (isDiagnostic || (text === '---' && failedAt !== null)) {
      isDiagnostic = text !== '...' || indent.length !== (failedAt ?? '').length + 2
      if (failedAt === '') return [line]
      held.push(line)
      return []
    }
    const point = /^(not )?ok \d+/.exec(text)
    if (!point) {
      // Output of the tests themselves, and bail-outs.
      const isTap = text === '' || /^(#|\d+\.\.\d+|TAP version|[}])/.test(text) || indent !== ''
      if (text.startsWith('# Subtest') && indent !== '') held.push(line)
      return isTap ? [] : [line]
    }
    // The failed assertions of a subtest or file already report its failure, if it reached any.
    const isSummary = / # time=/.test(text) && held.length > 0
    failedAt = point[1] && !isSummary ? indent : null
    if (indent !== '') {
      if (point[1]) held.push(line)
      return []
    }
    const kept = point[1] ? [...prune(held), line] : [line]
    held = []
    return kept
  }
}

/** Drops the headings of subtests without failures: those with no deeper line right after them. */
function prune(lines: string[]): string[] {
  return lines.filter((line, index) => {
    if (!/^ *# Subtest/.test(line)) return true
    const next = lines[index + 1]
    return next !== undefined && next.search(/\S/) > line.search(/\S/)
  })
}
