import { GUARDED_MARK, unguard } from '#schema/shapes/csv.ts'
import type { Cell } from './cells.ts'
import { type CsvRecord, createCsvScanner } from './csv-reader.ts'
import { columnsMissing, fileEmpty, headerUnreadable, notRows } from './errors.ts'
import { type Column, columnIndex, type Kind } from './kinds.ts'
import { readTextBlocks } from './text-blocks.ts'

/** Converts files and JSON arrays into rows to store, and into rejected rows with their reasons. */

export interface ReadRow {
  /** Line of the file, or 1-based position in an array. */
  line: number
  /** Null if the import generates the id. */
  id: number | null
  /** In the order of the kind's columns. */
  values: Cell[]
  /** Whether the row lacks a value that the import generates. */
  hasGaps: boolean
}

export interface RefusedRow {
  line: number
  reason: string
  /** The row's id, if it is readable. */
  id?: Cell
}

/** The rows of one piece of the source. `remark` is about the file as a whole. */
export interface ReadPiece {
  rows: ReadRow[]
  refused: RefusedRow[]
  remark?: RefusedRow
}

/** Reads a CSV file. Throws IMPORT_UNREADABLE if it is empty or its header lacks a column. */
export async function* readCsvRows(kind: Kind, source: AsyncIterable<Buffer>): AsyncGenerator<ReadPiece> {
  const scan = createCsvScanner()
  let header: Header | null = null
  const takeRecords = (records: CsvRecord[]): ReadPiece => {
    const piece: ReadPiece = { rows: [], refused: [] }
    for (const record of records) {
      if (header === null) {
        header = readHeader(kind, record)
        if (header.remark) piece.remark = header.remark
      } else addRow(piece, kind, record.line, record.fault ?? header.pick(record.fields))
    }
    return piece
  }
  for await (const text of readTextBlocks(source)) yield takeRecords(scan(text))
  yield takeRecords(scan('', true))
  if (header === null) throw fileEmpty()
}

interface Header {
  /** The fields of a record in the order of the kind's columns, or the reason why it is invalid. */
  pick(fields: Cell[]): Cell[] | string
  remark?: RefusedRow
}

function readHeader({ columns }: Kind, { line, fields, fault }: CsvRecord): Header {
  if (fault !== null) throw headerUnreadable(fault)
  const names = fields.map((name) => name?.trim().toLowerCase() ?? '')
  const usual = columns.filter(({ isExtra }) => !isExtra).map(({ name }) => name)
  const required = columns.filter(({ isRequired }) => isRequired).map(({ name }) => name)
  const missing = required.filter((name) => !names.includes(name))
  if (missing.length > 0) throw columnsMissing(missing, required.join(','))
  const places = columns.map(({ name }) => names.indexOf(name))
  const isGuarded = names.includes(GUARDED_MARK)
  const unknown = names.filter((name, place) => !places.includes(place) && name !== GUARDED_MARK)
  const isUsual = names.join() === usual.join()
  return {
    pick(fields) {
      if (fields.length !== names.length)
        return `has ${fields.length} fields where the header has ${names.length}`
      if (isUsual) return fields
      const cells = places.map((place) => fields[place] ?? null)
      return isGuarded ? cells.map((cell) => cell && unguard(cell)) : cells
    },
    ...(unknown.length > 0 && { remark: leftOut(line, unknown) })
  }
}

function leftOut(line: number, unknown: string[]): RefusedRow {
  return { line, reason: `columns that are not known are left out: ${unknown.join(', ').slice(0, 500)}` }
}

/** Reads a parsed JSON body. Throws BODY_MALFORMED unless it is an array. */
export async function* readJsonRows(kind: Kind, body: unknown): AsyncGenerator<ReadPiece> {
  if (!Array.isArray(body)) throw notRows()
  const names = new Set(body.flatMap((row: unknown) => (isObject(row) ? Object.keys(row) : [])))
  const places = new Map([...names].map((name) => [name, columnIndex(kind, name.trim().toLowerCase())]))
  const unknown = [...names].filter((name) => places.get(name) === -1)
  const pieceRows = 500
  for (let at = 0; at < body.length; at += pieceRows) {
    const piece: ReadPiece = { rows: [], refused: [] }
    if (at === 0 && unknown.length > 0) piece.remark = leftOut(1, unknown)
    body.slice(at, at + pieceRows).forEach((row: unknown, index) => {
      addRow(piece, kind, at + index + 1, readObject(kind, places, row))
    })
    yield piece
  }
}

function readObject({ columns }: Kind, places: ReadonlyMap<string, number>, row: unknown): Cell[] | string {
  if (!isObject(row)) return 'is not an object'
  const cells: Cell[] = columns.map(() => null)
  for (const [name, value] of Object.entries(row)) {
    const place = places.get(name) ?? -1
    const column = columns[place]
    if (column === undefined || value === null || value === undefined) continue
    if (!isOfType(column, value)) return `${column.name} must be ${jsonTypes[column.type]}`
    cells[place] = typeof value === 'object' ? JSON.stringify(value) : String(value)
  }
  return cells
}

function isObject(row: unknown): row is object {
  return typeof row === 'object' && row !== null && !Array.isArray(row)
}

const jsonTypes: Record<Column['type'], string> = {
  bigint: 'a number',
  smallint: 'a number',
  text: 'a string',
  timestamptz: 'a string',
  boolean: 'a boolean',
  jsonb: 'an object',
  'text[]': 'an array of strings'
}

function isOfType({ type }: Column, value: unknown): boolean {
  // The column's reader checks the spelling, as for files.
  if (type === 'boolean' && typeof value === 'string') return true
  if (type === 'text[]') return Array.isArray(value) && value.every((item) => typeof item === 'string')
  return `a${type === 'jsonb' ? 'n' : ''} ${typeof value}` === jsonTypes[type]
}

/**
 * Reads the cells and adds the row to `piece`. A text instead of cells is the reason for rejecting the row.
 */
function addRow(piece: ReadPiece, { columns }: Kind, line: number, cells: Cell[] | string): void {
  if (typeof cells === 'string') {
    piece.refused.push({ line, reason: cells })
    return
  }
  const values: Cell[] = []
  let hasGaps = false
  for (let index = 0; index < columns.length; index++) {
    const column = columns[index] as Column
    const value = column.read(cells[index] ?? null)
    if (typeof value === 'object' && value !== null) {
      piece.refused.push({ line, reason: `${column.name} ${value.wrong}`, id: values[0] ?? null })
      return
    }
    if (value === null && column.isMade) hasGaps = true
    values.push(value)
  }
  const id = values[0] ?? null
  piece.rows.push({ line, id: id === null ? null : Number(id), values, hasGaps })
}

/** A warning for the first row of a piece that a repeated import would store again, or null. */
export function warnOfNewRows(kind: Kind, { rows }: ReadPiece): RefusedRow | null {
  const known = columnIndex(kind, kind.knownBy)
  const found = rows.find(({ id, values, hasGaps }) => hasGaps && id === null && values[known] === null)
  if (found === undefined) return null
  const reason = `rows without id and ${kind.knownBy} are new: loading the file again adds them again`
  return { line: found.line, reason }
}
