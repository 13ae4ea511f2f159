/**
 * Cells that no spreadsheet takes for a formula, and back. A title is anybody's text: `=HYPERLINK(…)` in an export runs where
 * the file is opened (OWASP, CSV Injection; CWE-1236). An apostrophe is put before whatever could begin a formula: at the start
 * of a cell, and after what other locales and programs read as the end of one (`;`, tab, line ends). Apostrophes that stand
 * there already are counted in, so that taking one away always gives the original back.
 */

/** What begins a formula, in full width too, after any apostrophes. Tabs and line ends are skipped by some programs. */
const FORMULA = "(?='*[=+\\-@\\t\\r\\n＝＋－＠])"
const CELL_START = '(?<=^|[;\\t\\r\\n])'
const UNSAFE = new RegExp(CELL_START + FORMULA, 'g')
const GUARDED = new RegExp(`${CELL_START}'${FORMULA}`, 'g')

/**
 * The last column of a file whose cells are guarded; its own cells are empty. It tells {@link unguard} from the file alone
 * what a reader would have to be told otherwise.
 */
export const GUARDED_MARK = 'spreadsheet_safe'

/** The text with an apostrophe before each part that a spreadsheet could take for a formula. */
export function guard(text: string): string {
  return text.replace(UNSAFE, "'")
}

/** What {@link guard} was given. */
export function unguard(text: string): string {
  return text.replace(GUARDED, '')
}
