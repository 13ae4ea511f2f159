import type { OnConflict } from '#schema/shapes/import-report.ts'
import type { Cell } from './cells.ts'
import type { KindName, Remark } from './contract.ts'
import { tooManyNewIds } from './errors.ts'
import { columnIndex, type Kind } from './kinds.ts'
import type { ReadPiece, ReadRow, RefusedRow } from './rows.ts'

/** The references of one set. Users and urls of the files may have other ids in the database. */

/** Maps ids of the file to ids of the database, or to null for rejected rows. */
type NewIds = Map<string, string | null>

export interface References {
  /** Records new ids of `kind`. Throws IMPORT_CONFLICT for more than fit in memory. */
  record(kind: KindName, newIds: Iterable<readonly [id: string, newId: string | null]>): void
  /**
   * Replaces the references of a piece by the new ids. Rows with a required reference to a rejected row are
   * rejected; others lose the reference, with a warning. Throws IMPORT_CONFLICT for more rejected rows than
   * fit in memory.
   */
  rewrite(kind: Kind, piece: ReadPiece): ReadPiece & { warnings: Remark[] }
}

/**
 * Maximum remembered ids of one file (70 MiB). Rejecting a later row may drop references to an earlier row
 * with the same id.
 */
const MAX_SEEN = 2_000_000

/** Maximum new ids and rejected ids of a set, for users and for urls each. */
const MAX_NEW_IDS = 2_000_000

/** Creates the references of a set. Only `renumber` changes references. */
export function createReferences(onConflict: OnConflict, maxNewIds = MAX_NEW_IDS): References {
  const known: Record<'users' | 'urls', NewIds> = { users: new Map(), urls: new Map() }
  let seenKind: KindName = 'users'
  let seen = new Set<number>()

  function keep(kind: 'users' | 'urls', id: string, newId: string | null) {
    known[kind].set(id, newId)
    if (known[kind].size > maxNewIds) throw tooManyNewIds(kind, maxNewIds)
  }

  /**
   * Records the ids of rejected rows, unless an earlier row of the file has the same id and keeps the
   * references.
   */
  function noteRefused(kind: KindName, rows: readonly ReadRow[], refused: readonly RefusedRow[]) {
    if (onConflict !== 'renumber' || kind === 'events') return
    if (kind !== seenKind) {
      seenKind = kind
      seen = new Set()
    }
    const lines = refused.toSorted((one, other) => one.line - other.line)
    let at = 0
    const noteUntil = (end: number) => {
      for (let row = lines[at]; row !== undefined && row.line < end; row = lines[++at])
        if (row.id && !seen.has(Number(row.id))) keep(kind, row.id, null)
    }
    for (const { line, id } of rows) {
      noteUntil(line)
      if (id !== null && seen.size < MAX_SEEN) seen.add(id)
    }
    noteUntil(Infinity)
  }

  return {
    record(kind, newIds) {
      if (onConflict !== 'renumber' || kind === 'events') return
      for (const [id, newId] of newIds) keep(kind, id, newId)
    },

    rewrite(kind, piece) {
      const columns = kind.columns.flatMap(({ name, refersTo }) =>
        refersTo && known[refersTo].size > 0 ? [{ name, to: refersTo }] : []
      )
      const refused: RefusedRow[] = [...piece.refused]
      const warnings = new Map<string, Remark>()
      const isKept = (row: ReadRow) =>
        columns.every(({ name, to }) => {
          const place = columnIndex(kind, name)
          const id = row.values[place] ?? null
          if (id === null || !known[to].has(id)) return true
          const newId = known[to].get(id) ?? null
          if (newId === null && kind.columns[place]?.isRequired) {
            refused.push(refuse(row, name, id))
            return false
          }
          if (newId === null && !warnings.has(name)) warnings.set(name, warnOfLoss(row, name))
          row.values[place] = newId
          return true
        })
      const rows = columns.length === 0 ? piece.rows : piece.rows.filter(isKept)
      noteRefused(kind.name, rows, refused)
      return { ...piece, rows, refused, warnings: [...warnings.values()] }
    }
  }
}

/** The reason is the same for all rows, so the report shows it once. */
function warnOfLoss({ line }: ReadRow, name: string): Remark {
  return { line, reason: `${name} refers to a row of this set that was rejected: stored without ${name}` }
}

function refuse({ line, values }: ReadRow, name: string, id: Cell): RefusedRow {
  return { line, reason: `${name} ${id} is a row of this set that was rejected`, id: values[0] ?? null }
}
