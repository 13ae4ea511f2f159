/**
 * Reads CSV (RFC 4180) of any size in bounded memory, with line numbers. A broken row costs only its own
 * line. The libraries tried handle one misplaced quote worse: csv-parse and papaparse lose every row up to
 * the next quote or the end of the file, and udsv miscounts the columns. See docs/adr/2026-11-23-imports.md.
 */

/** One record of a file: its fields, or the reason why it is unreadable. */
export interface CsvRecord {
  /** Line on which the record starts, from 1. */
  line: number
  /** An unquoted empty field is null; a quoted one ('""') is the empty text, as in PostgreSQL's COPY. */
  fields: (string | null)[]
  fault: string | null
}

/** Maximum characters of a record. Longer ones are rejected. */
const MAX_RECORD = 16 * 1024 * 1024
const MAX_FIELDS = 500

const QUOTE = 34
const NEWLINE = 10
const RETURN = 13

/** Finding the delimiter takes the complete header, up to this many characters. */
const MAX_HEADER = 64 * 1024

/**
 * Finds the delimiter that separates the names in the header. Spreadsheets write semicolons in locales with a
 * decimal comma.
 */
function findDelimiter(header: string): string {
  const names = header.replace(/"[^"]*"/g, '')
  const count = (delimiter: string) => names.split(delimiter).length
  return [',', ';', '\t'].reduce((best, other) => (count(other) > count(best) ? other : best))
}

/** Takes texts in order and returns the records that are complete so far; `isLast` ends the file. */
export type CsvScanner = (text: string, isLast?: boolean) => CsvRecord[]

/** Creates the scanner of one file. */
export function createCsvScanner(): CsvScanner {
  let pending = ''
  let line = 1
  /** Do not scan before `pending` has this length. The length doubles, which keeps long records linear. */
  let wanted = 0
  let isSkipping = false
  let delimiter: string | undefined

  return (text, isLast = false) => {
    pending += text
    if (pending.length < wanted && !isLast) return []
    if (delimiter === undefined) {
      const header = /[^\uFEFF\r\n].*/.exec(pending)
      const isWhole = header !== null && header.index + header[0].length < pending.length
      if (!isWhole && !isLast && pending.length < MAX_HEADER) return []
      delimiter = findDelimiter(header?.[0] ?? '')
      if (pending.charCodeAt(0) === 0xfeff) pending = pending.slice(1)
    }
    const records: CsvRecord[] = []
    let at = 0
    if (isSkipping) {
      at = pending.indexOf('\n') + 1
      if (at === 0 && !isLast) {
        pending = ''
        return records
      }
      isSkipping = false
      if (at === 0) at = pending.length
      else line++
    }
    const scan = createLineScan(pending, isLast, delimiter)
    while (at < pending.length) {
      const found = scan(at)
      const isTooLong = found.end - at > MAX_RECORD
      if (found.fault === OPEN && !isLast && !isTooLong) break
      if (found.fault === null && !isTooLong) {
        if (!found.isBlank) records.push({ line, fields: found.fields, fault: null })
        line += found.lines
        at = found.end
        continue
      }
      // Only the first line of a broken record is dropped; the scan continues with the next line.
      records.push({ line, fields: [], fault: isTooLong ? TOO_LONG : (found.fault ?? OPEN) })
      const next = pending.indexOf('\n', at) + 1
      isSkipping = next === 0 && !isLast
      if (next > 0) line++
      at = next === 0 ? pending.length : next
    }
    pending = pending.slice(at)
    wanted = pending.length * 2
    return records
  }
}

const OPEN = 'a quote is opened and never closed'
const TOO_LONG = 'the row is too long'
const AFTER_QUOTE = 'a quoted field goes on after its closing quote'
const TOO_MANY = `the row has more than ${MAX_FIELDS} fields`

interface Found {
  fields: (string | null)[]
  /** OPEN also means that the text ends before the record does. */
  fault: string | null
  /** Where the next record starts. */
  end: number
  /** Line ends within and after the record. */
  lines: number
  isBlank: boolean
}

/** Scans records of `text`. Positions only grow, except for the step back to the line after a fault. */
function createLineScan(text: string, isLast: boolean, delimiter: string) {
  const delimiterCode = delimiter.charCodeAt(0)
  const findDelimiter = createFinder(text, delimiter)
  const findNewline = createFinder(text, '\n')

  return (start: number): Found => {
    const fields: (string | null)[] = []
    const found: Found = { fields, fault: null, end: text.length, lines: 0, isBlank: false }
    const fail = (fault: string): Found => {
      found.fault = fault
      return found
    }
    for (let at = start; ; ) {
      if (fields.length === MAX_FIELDS) return fail(TOO_MANY)
      if (text.charCodeAt(at) === QUOTE) {
        const close = findClosingQuote(text, at + 1)
        // A quote at the end of the text may be the first of an escaped pair, so wait for the next text.
        if (close === -1 || (close + 1 === text.length && !isLast)) return fail(OPEN)
        fields.push(unquote(text, at + 1, close))
        for (let newline = findNewline(at); newline < close; newline = findNewline(newline + 1)) found.lines++
        at = close + 1
        const next = text.charCodeAt(at)
        if (next === delimiterCode) {
          at++
          continue
        }
        const newline = next === RETURN ? at + 1 : at
        if (newline === text.length && isLast) return found
        if (newline === text.length) return fail(OPEN)
        if (text.charCodeAt(newline) !== NEWLINE) return fail(AFTER_QUOTE)
        found.end = newline + 1
        found.lines++
        return found
      }
      const newline = findNewline(at)
      const end = findDelimiter(at)
      if (end < newline) {
        fields.push(end === at ? null : text.slice(at, end))
        at = end + 1
        continue
      }
      if (newline === Infinity && !isLast) return fail(OPEN)
      if (newline !== Infinity) {
        found.end = newline + 1
        found.lines++
      }
      const stop = newline === Infinity ? text.length : newline
      const last = stop > at && text.charCodeAt(stop - 1) === RETURN ? stop - 1 : stop
      found.isBlank = fields.length === 0 && last === at
      fields.push(last === at ? null : text.slice(at, last))
      return found
    }
  }
}

/** Finds `character` from growing positions without searching any part of `text` twice. */
function createFinder(text: string, character: string): (from: number) => number {
  let from = Infinity
  let next = -1
  return (at) => {
    if (at > next || at < from) {
      const index = text.indexOf(character, at)
      from = at
      next = index === -1 ? Infinity : index
    }
    return next
  }
}

function findClosingQuote(text: string, from: number): number {
  for (let at = from; ; at += 2) {
    at = text.indexOf('"', at)
    if (at === -1 || text.charCodeAt(at + 1) !== QUOTE) return at
  }
}

function unquote(text: string, from: number, to: number): string {
  const inside = text.slice(from, to)
  return inside.includes('"') ? inside.replaceAll('""', '"') : inside
}
