/**
 * Guards cells of an export against formula injection. Titles are user input, and a spreadsheet runs
 * `=HYPERLINK(…)` when it opens the file (OWASP, CSV Injection; CWE-1236). {@link guard} puts an apostrophe
 * before anything that could begin a formula: at the start of a cell, and after `;`, a tab or a line end,
 * because other locales and programs end a cell there. It also guards text that already begins with
 * apostrophes, so that {@link unguard} always restores the original.
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
