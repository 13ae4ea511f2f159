import type { Cell } from './cells.ts'
import { type CsvRecord, createCsvScanner } from './csv-reader.ts'
import { columnsMissing, fileEmpty, headerUnreadable, notRows } from './errors.ts'
import { GUARDED_MARK, unguard } from './formulas.ts'
import { type Column, columnIndex, type Kind } from './kinds.ts'
import { readTextBlocks } from './text-blocks.ts'

/** Turns files and JSON arrays into rows that are ready to store, and says of each other row why it is not. */

export interface ReadRow {
  /** Line of the file, or position from 1 in an array. */
  line: number
  id: number
  /** In the order of the kind's columns. */
  values: Cell[]
}

export interface RefusedRow {
  line: number
  reason: string
}

/** What one piece of the source held. `note` is about the file as a whole. */
export interface ReadPiece {
  rows: ReadRow[]
  refused: RefusedRow[]
  note?: RefusedRow
}

/** Reads a CSV file. Throws IMPORT_UNREADABLE when it is empty or its header lacks a column. */
export async function* readCsvRows(kind: Kind, source: AsyncIterable<Buffer>): AsyncGenerator<ReadPiece> {
  const scan = createCsvScanner()
  let header: Header | null = null
  const takeRecords = (records: CsvRecord[]): ReadPiece => {
    const piece: ReadPiece = { rows: [], refused: [] }
    for (const record of records) {
      if (header === null) {
        header = readHeader(kind, record)
        if (header.note) piece.note = header.note
      } else addRow(piece, kind, record.line, record.fault ?? header.pick(record.fields))
    }
    return piece
  }
  for await (const text of readTextBlocks(source)) yield takeRecords(scan(text))
  yield takeRecords(scan('', true))
  if (header === null) throw fileEmpty()
}

interface Header {
  /** The fields of a record in the order of the kind's columns, or what is wrong with it. */
  pick(fields: Cell[]): Cell[] | string
  note?: RefusedRow
}

function readHeader({ columns }: Kind, { line, fields, fault }: CsvRecord): Header {
  if (fault !== null) throw headerUnreadable(fault)
  const names = fields.map((name) => name?.trim().toLowerCase() ?? '')
  const usual = columns.filter(({ isExtra }) => !isExtra).map(({ name }) => name)
  const missing = usual.filter((name) => !names.includes(name))
  if (missing.length > 0) throw columnsMissing(missing, usual.join(','))
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
    ...(unknown.length > 0 && {
      note: { line, reason: `columns that are not known are left out: ${unknown.join(', ').slice(0, 500)}` }
    })
  }
}

/** Reads a parsed JSON body. Throws BODY_MALFORMED unless it is an array. */
export async function* readJsonRows(kind: Kind, body: unknown): AsyncGenerator<ReadPiece> {
  if (!Array.isArray(body)) throw notRows()
  const pieceRows = 500
  for (let at = 0; at < body.length; at += pieceRows) {
    const piece: ReadPiece = { rows: [], refused: [] }
    body.slice(at, at + pieceRows).forEach((row: unknown, index) => {
      addRow(piece, kind, at + index + 1, readObject(kind, row))
    })
    yield piece
  }
}

function readObject({ columns }: Kind, row: unknown): Cell[] | string {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return 'is not an object'
  const cells: Cell[] = []
  for (const column of columns) {
    const value = (row as Record<string, unknown>)[column.name]
    if (value === null || value === undefined) cells.push(null)
    else if (!isOfType(column, value)) return `${column.name} must be ${jsonTypes[column.type]}`
    else cells.push(typeof value === 'object' ? JSON.stringify(value) : String(value))
  }
  return cells
}

const jsonTypes: Record<Column['type'], string> = {
  bigint: 'a number',
  text: 'a string',
  timestamptz: 'a string',
  boolean: 'a boolean',
  jsonb: 'an object'
}

function isOfType({ type }: Column, value: unknown): boolean {
  return `a${type === 'jsonb' ? 'n' : ''} ${typeof value}` === jsonTypes[type]
}

/** Adds a row to `piece` by reading its cells; a text in their place is the reason why there are none. */
function addRow(piece: ReadPiece, { columns }: Kind, line: number, cells: Cell[] | string): void {
  if (typeof cells === 'string') {
    piece.refused.push({ line, reason: cells })
    return
  }
  const values: Cell[] = []
  for (let index = 0; index < columns.length; index++) {
    const column = columns[index] as Column
    const value = column.read(cells[index] ?? null)
    if (typeof value === 'object' && value !== null) {
      piece.refused.push({ line, reason: `${column.name} ${value.wrong}` })
      return
    }
    values.push(value)
  }
  piece.rows.push({ line, id: Number(values[0]), values })
}

/** A piece without the rows whose value in the column `name` is `refused`; the report says of each what it `is`. */
export function refuseRows(
  piece: ReadPiece,
  kind: Kind,
  name: string,
  refused: (value: string) => boolean,
  is: string
): ReadPiece {
  const place = columnIndex(kind, name)
  const bad = new Set(piece.rows.filter(({ values }) => refused(String(values[place]))))
  if (bad.size === 0) return piece
  const reason = `${name} ${is}`
  return {
    ...piece,
    rows: piece.rows.filter((row) => !bad.has(row)),
    refused: [...piece.refused, ...[...bad].map(({ line }) => ({ line, reason }))]
  }
}
