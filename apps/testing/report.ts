/** Parses the TAP output of a test file (https://testanything.org): its totals and its failures. */

export interface Totals {
  passed: number
  failed: number
  skipped: number
}

/** The totals of assertions at the end of a file's output; all zero if it has no such line. */
export function readTotals(lines: string[]): Totals {
  const line = lines.findLast((one) => /^# \{ total: .* \}$/.test(one)) ?? ''
  const read = (name: string) => Number(line.match(new RegExp(`\\b${name}: (\\d+)`))?.[1] ?? 0)
  return { passed: read('pass'), failed: read('fail'), skipped: read('skip') + read('todo') }
}

/** The failed assertions with diagnostics, under the names of their tests, and all text that is no TAP. */
export function listFailures(lines: string[]): string[] {
  const kept: string[] = []
  let failures = 0
  // The indentation of the failed assertion with the current or next diagnostics.
  let failedAt: number | null = null
  let isDiagnostic = false

  for (const line of lines) {
    const text = line.trim()
    const indent = line.length - line.trimStart().length
    if (failedAt !== null && (isDiagnostic || text === '---')) {
      isDiagnostic = text !== '...' || indent !== failedAt + 2
      kept.push(line)
      continue
    }
    const point = /^(not )?ok \d+/.exec(text)
    if (!point) {
      const isTap = text === '' || indent > 0 || /^(#|\d+\.\.\d+|TAP version|[}])/.test(text)
      if (text.startsWith('# Subtest') || !isTap) kept.push(line)
      continue
    }
    // The failed assertions of a test already report its failure, if it reached any.
    const isSummary = / # time=/.test(text) && failures > 0
    failedAt = point[1] && !isSummary ? indent : null
    if (failedAt !== null) failures++
    if (point[1]) kept.push(line)
  }
  return prune(kept)
}

/** Drops the names of tests without failures: those with no deeper line right after them. */
function prune(lines: string[]): string[] {
  const kept: string[] = []
  for (const line of lines.toReversed()) {
    const next = kept.at(-1)
    const isEmpty =
      /^ *# Subtest/.test(line) && (next === undefined || next.search(/\S/) <= line.search(/\S/))
    if (!isEmpty) kept.push(line)
  }
  return kept.reverse()
}
