import { type CellReader, createReader } from './cells.ts'
import type { ImportColumn, ImportKind, KindName } from './contract.ts'

/** The kinds of rows that capabilities provide, with readers for their cells. */

export interface Column extends ImportColumn {
  read: CellReader
}

export interface Kind extends ImportKind {
  columns: readonly Column[]
}

export type Kinds = Record<KindName, Kind>

export const createKind = (kind: ImportKind): Kind => ({
  ...kind,
  columns: kind.columns.map((column) => ({ ...column, read: createReader(column) }))
})

/** The order of the files: rows come before the rows that refer to them. */
export const KIND_ORDER: readonly KindName[] = ['users', 'urls', 'events']

/** The index of `name` among the columns of `kind`. */
export function columnIndex(kind: Kind, name: string): number {
  return kind.columns.findIndex((column) => column.name === name)
}
