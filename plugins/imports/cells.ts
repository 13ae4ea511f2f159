import { isPlainJson, MAX_DEPTH } from '#platform/http/plain-json.ts'
import { parseWireTime, TIME_RANGE } from '#platform/http/wire-time.ts'
import { isLonger } from '#schema/shapes/text.ts'
import type { ImportColumn } from './contract.ts'

/**
 * Reads single values of imported rows. A reader takes the text of a cell and returns the text to store,
 * null, or the error as a predicate: "is not a time". Readers accept more than the API does where that costs
 * nothing, because an import brings values that another system already accepted.
 */
export type Cell = string | null
export type CellReader = (cell: Cell) => Cell | Unreadable

export interface Unreadable {
  wrong: string
}

/** Greatest accepted id. It is below the greatest safe integer, which leaves room for generated ids. */
export const MAX_IMPORTED_ID = 1_000_000_000_000_000

const MISSING: Unreadable = { wrong: 'is empty' }
const NOT_AN_ID: Unreadable = { wrong: 'is not an id: a whole number from 1 to 1,000,000,000,000,000' }
const NOT_A_TIME: Unreadable = { wrong: `is not a time such as 2025-06-04 00:07:00, ${TIME_RANGE}` }
const NOT_A_BOOLEAN: Unreadable = { wrong: 'is neither True nor False' }
const NOT_TEXT: Unreadable = { wrong: 'holds NUL or bytes that are not Unicode text' }
const NOT_JSON: Unreadable = { wrong: 'is not JSON' }
const NOT_AN_OBJECT: Unreadable = { wrong: 'is not a JSON object' }
const NOT_STORABLE: Unreadable = { wrong: 'holds NUL, half characters or is nested too deep' }

/** Makes `read` nullable: an empty field is null. */
export function optional(read: CellReader): CellReader {
  return (cell) => (cell === null || cell === '' ? null : read(cell))
}

/** Reads an id. Spreadsheets and data frames write `317.0` in a column with gaps; that is accepted too. */
export function readId(cell: Cell): Cell | Unreadable {
  if (cell === null || cell === '') return MISSING
  if (/^[1-9]\d{0,14}$/.test(cell)) return cell
  if (!/^\d{1,16}(?:\.0+)?$/.test(cell)) return NOT_AN_ID
  const id = Number(cell)
  return id >= 1 && id <= MAX_IMPORTED_ID ? String(id) : NOT_AN_ID
}

const COMMON_TIME = /^(\d{4}-\d\d-\d\d)[ T]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)Z?$/

/** Reads a time in UTC or with an offset and returns a timestamptz literal, truncated to seconds. */
export function readTime(cell: Cell): Cell | Unreadable {
  if (cell === null || cell === '') return MISSING
  const parts = COMMON_TIME.exec(cell)
  if (parts?.[1] !== undefined && isDay(parts[1])) return `${parts[1]} ${parts[2]}+00`
  const text = parseWireTime(cell)?.toISOString()
  return text === undefined ? NOT_A_TIME : `${text.slice(0, 10)} ${text.slice(11, 19)}+00`
}

/** Caches which dates exist: files repeat the same dates, and rejecting 30 February takes a Date. */
const days = new Map<string, boolean>()

function isDay(text: string): boolean {
  let known = days.get(text)
  if (known === undefined) {
    known = parseWireTime(text) !== null
    if (days.size === 10_000) days.clear()
    days.set(text, known)
  }
  return known
}

export function readBoolean(cell: Cell): Cell | Unreadable {
  switch (cell === 'True' || cell === 'False' ? cell : cell?.toLowerCase()) {
    case 'True':
    case 'true':
    case '1':
      return 'true'
    case 'False':
    case 'false':
    case '0':
      return 'false'
    case undefined:
    case '':
      return MISSING
    default:
      return NOT_A_BOOLEAN
  }
}

/** Reads text of `minimum` to `maximum` characters. If `minimum` is 0, an empty field stays null. */
export function readText(minimum: number, maximum: number): CellReader {
  const tooLong = { wrong: `is longer than ${maximum} characters` }
  return (cell) => {
    if (cell === null) return minimum === 0 ? null : MISSING
    if (cell.length < minimum) return MISSING
    if (isLonger(cell, maximum)) return tooLong
    return cell.includes('\0') || !cell.isWellFormed() ? NOT_TEXT : cell
  }
}

/**
 * Reads a JSON object; an empty field is `{}`. It returns the original text, because JSON.parse rounds long
 * numbers and jsonb keeps every digit.
 */
export function readDetails(cell: Cell): Cell | Unreadable {
  if (cell === null || cell === '') return '{}'
  let value: unknown
  try {
    value = JSON.parse(cell)
  } catch {
    return NOT_JSON
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return NOT_AN_OBJECT
  // Only escapes and deep nesting make JSON that PostgreSQL rejects, so short cells without escapes pass.
  const isDoubtful = cell.length >= 2 * MAX_DEPTH || cell.includes('\\u')
  return isDoubtful && !isPlainJson(value) ? NOT_STORABLE : cell
}

const NOT_A_LIST: Unreadable = { wrong: 'is neither texts with | between them nor a JSON array of texts' }

/**
 * Reads a list: texts with `|` between them, or a JSON array. Returns an array literal (PostgreSQL manual,
 * 8.15.2 "Array Value Input").
 */
function readList(readItems: ImportColumn['readItems'] = (items) => items): CellReader {
  return (cell) => {
    if (cell === null) return null
    const items = splitList(cell)
    if (items === null) return NOT_A_LIST
    const stored = readItems(items)
    if (typeof stored === 'string') return { wrong: stored }
    return `{${stored.map((item) => `"${item.replace(/[\\"]/g, '\\$&')}"`)}}`
  }
}

function splitList(cell: string): string[] | null {
  if (!cell.startsWith('[')) return cell.split('|')
  try {
    const items: unknown = JSON.parse(cell)
    return Array.isArray(items) && items.every((item) => typeof item === 'string') ? items : null
  } catch {
    return null
  }
}

const READERS: Record<Exclude<ImportColumn['type'], 'text' | 'text[]'>, CellReader> = {
  bigint: readId,
  smallint: readId,
  boolean: readBoolean,
  timestamptz: readTime,
  jsonb: readDetails
}

/**
 * Creates the reader of a column: first by its type, then by its own check. An empty field is null, except in
 * text columns without a generated value, where it is the empty text.
 */
export function createReader({
  type,
  maxLength = Infinity,
  refuse,
  readItems,
  isRequired,
  isMade,
  isExtra
}: ImportColumn): CellReader {
  const read =
    type === 'text'
      ? readText(isRequired ? 1 : 0, maxLength)
      : type === 'text[]'
        ? readList(readItems)
        : READERS[type]
  const checked: CellReader = (cell) => {
    const value = read(cell)
    const wrong = typeof value === 'string' ? refuse?.(value) : undefined
    return wrong ? { wrong } : value
  }
  const takesEmpty = isRequired || (type === 'jsonb' && !isExtra) || (type === 'text' && !isMade)
  return takesEmpty ? checked : optional(checked)
}
