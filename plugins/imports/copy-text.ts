import type { Cell } from './cells.ts'

/**
 * Rows in the format of COPY (PostgreSQL manual, COPY, "Text Format"): one line per row, special characters
 * escaped.
 */

/** Encodes one row, with its line end. */
export function encodeCopyRow(line: number, values: readonly Cell[]): string {
  let text = String(line)
  for (const value of values) text += `\t${encodeCell(value)}`
  return `${text}\n`
}

/** Decodes the cells of one row without its line end. */
export function decodeCopyRow(row: string): Cell[] {
  return row.split('\t').map(decodeCell)
}

const escapes: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const characters: Record<string, string> = { '\\\\': '\\', '\\n': '\n', '\\r': '\r', '\\t': '\t' }

function encodeCell(value: Cell): string {
  if (value === null) return '\\N'
  return /[\\\n\r\t]/.test(value) ? value.replace(/[\\\n\r\t]/g, (found) => escapes[found] ?? found) : value
}

function decodeCell(text: string): Cell {
  if (text === '\\N') return null
  return text.includes('\\') ? text.replace(/\\[\\nrt]/g, (found) => characters[found] ?? found) : text
}
