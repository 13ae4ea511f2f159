/** CSV files of exports. They quote only where needed, like Python's csv module and PostgreSQL. */

/**
 * Formats one line with its end. Null becomes an empty field and empty text a quoted empty field, so that
 * reading the line returns the same values.
 */
export function formatCsvLine(fields: readonly (string | null)[]): string {
  return `${fields.map(formatField).join(',')}\n`
}

function formatField(field: string | null): string {
  if (field === null) return ''
  if (field === '') return '""'
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}

/*
 * Formula injection (OWASP, CSV Injection; CWE-1236). Titles are user input, and a spreadsheet runs
 * `=HYPERLINK(…)` when it opens the file. So guard() puts an apostrophe before anything that could begin a
 * formula: at the start of a cell, and after `;`, a tab or a line end, because other locales and programs end
 * a cell there. It also guards text that already begins with apostrophes, so that unguard() always restores
 * the original.
 */

/**
 * The start of a formula, also in full width, after any apostrophes. Some programs skip tabs and line ends.
 */
const FORMULA = "(?='*[=+\\-@\\t\\r\\n＝＋－＠])"
const CELL_START = '(?<=^|[;\\t\\r\\n])'
const UNSAFE = new RegExp(CELL_START + FORMULA, 'g')
const GUARDED = new RegExp(`${CELL_START}'${FORMULA}`, 'g')

/**
 * The last column of a guarded file; its cells are empty. The column shows the importer that it must
 * {@link unguard} the cells.
 */
export const GUARDED_MARK = 'spreadsheet_safe'

/** Puts an apostrophe before each part that a spreadsheet could interpret as a formula. */
export function guard(text: string): string {
  return text.replace(UNSAFE, "'")
}

/** Reverses {@link guard}. */
export function unguard(text: string): string {
  return text.replace(GUARDED, '')
}
