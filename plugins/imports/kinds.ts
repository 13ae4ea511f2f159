import { type CellReader, createReader } from './cells.ts'
import type { ImportColumn, ImportKind, KindName } from './contract.ts'

/** The three files: what capabilities offer of them, with readers for their cells. */

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

/** The order in which the files make sense: what is referred to comes first. */
export const KIND_ORDER: readonly KindName[] = ['users', 'urls', 'events']

/** The place of `name` among the columns of `kind`. */
export function columnIndex(kind: Kind, name: string): number {
  return kind.columns.findIndex((column) => column.name === name)
}
