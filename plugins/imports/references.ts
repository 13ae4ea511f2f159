import type { OnConflict } from '#schema/shapes/import-report.ts'
import type { Cell } from './cells.ts'
import { columnIndex, type Kind, type KindName } from './kinds.ts'
import type { ReadPiece, ReadRow, RefusedRow } from './rows.ts'

/** The references of one set: what its files call a user or a url may have another id in the database. */

/** By the file's id: the id in the database, or null for a row that was rejected. */
type NewIds = Map<string, string | null>

export interface References {
  /** Keeps what became of ids of `kind`. */
  note(kind: KindName, newIds: Iterable<readonly [id: string, newId: string | null]>): void
  /** A piece whose rows refer to what the set means. Rows that cannot do without a rejected row are refused. */
  rewrite(kind: Kind, piece: ReadPiece): ReadPiece
}

const REFERENCES: Record<KindName, { name: string; to: 'users' | 'urls' }[]> = {
  users: [],
  urls: [{ name: 'user_id', to: 'users' }],
  events: [
    { name: 'url_id', to: 'urls' },
    { name: 'user_id', to: 'users' }
  ]
}

/** Makes the references of a set. Only `renumber` changes any. */
export function createReferences(onConflict: OnConflict): References {
  const known: Record<'users' | 'urls', NewIds> = { users: new Map(), urls: new Map() }
  return {
    note(kind, newIds) {
      if (onConflict !== 'renumber' || kind === 'events') return
      for (const [id, newId] of newIds) known[kind].set(id, newId)
    },

    rewrite(kind, piece) {
      const columns = REFERENCES[kind.name].filter(({ to }) => known[to].size > 0)
      if (columns.length === 0) return piece
      const refused: RefusedRow[] = [...piece.refused]
      const rows = piece.rows.filter((row) =>
        columns.every(({ name, to }) => {
          const place = columnIndex(kind, name)
          const id = row.values[place] ?? null
          if (id === null || !known[to].has(id)) return true
          const newId = known[to].get(id) ?? null
          if (newId === null && kind.columns[place]?.isRequired) {
            refused.push(refuse(row, name, id))
            return false
          }
          row.values[place] = newId
          return true
        })
      )
      return { ...piece, rows, refused }
    }
  }
}

function refuse({ line, values }: ReadRow, name: string, id: Cell): RefusedRow {
  return { line, reason: `${name} ${id} is a row of this set that was rejected`, id: values[0] ?? null }
}
