import type { ClientBase } from 'pg'
import type { OnConflict } from '#schema/shapes/import-report.ts'
import type { Batch } from './batch.ts'
import type { Remark } from './contract.ts'
import { idsTaken } from './errors.ts'
import type { Kind } from './kinds.ts'
import { passSequence } from './store-sequences.ts'
import { quoteName } from './store-staging.ts'

/**
 * Handles staged rows whose id already exists. A row with the same values as the stored one is dropped: the
 * file was imported before. A different one is a conflict. Empty fields and those that change by themselves
 * do not count as differences.
 */

interface Taken {
  line: number
  id: number
  /** Names of the columns with different values; empty if there are none. */
  differences: string
  isDropped: boolean
}

export interface SettledIds {
  skipped: number
  /** Rows whose id belongs to a different row, by line. */
  conflicts: Map<number, Remark>
  /**
   * Rows with a new id, by line. `fileId` is their id in the file, or null if references mean another row.
   */
  moved: Map<number, { fileId: string | null; id: string | null }>
  /** Dropped rows whose stored counterpart, under another id, has changed since. */
  changed: Remark[]
}

/**
 * Drops the staged rows that already exist, and applies `onConflict` to those whose id belongs to a different
 * row, in the database or earlier in the file. Afterwards all staged rows have an id. `lastDrawn` is the
 * greatest id from before the import. Throws IMPORT_CONFLICT.
 */
export async function settleIds(
  client: ClientBase,
  batch: Batch,
  { lastDrawn, onConflict }: { lastDrawn: number; onConflict: OnConflict }
): Promise<SettledIds> {
  const { kind, leastId, greatestId, hasRepeats, hasGaps } = batch
  // The bounds keep the planner from reading a whole index.
  const stored = `${presentRows(kind)} ON present.id = staging.id AND present.id BETWEEN ${leastId} AND ${greatestId}`
  const earlier = `(SELECT DISTINCT ON (id) * FROM staging WHERE id IS NOT NULL ORDER BY id, line) present
    ON present.id = staging.id AND present.line < staging.line`
  const isRenumbered = onConflict === 'renumber'
  const settled: SettledIds = { skipped: 0, conflicts: new Map(), moved: new Map(), changed: [] }
  let isComplete = !hasGaps
  const settle = async (present: string, fileId: string) => {
    const { dropped, different } = await dropTaken(client, kind, present, isRenumbered, fileId)
    settled.skipped += dropped
    for (const { line, id, differences, isDropped } of different) {
      const reason = `id ${id} is taken by a different ${kind.name.slice(0, -1)} (${differences})`
      settled.conflicts.set(line, { line, reason: isDropped ? `${reason}: skipped` : reason })
      if (!isDropped) isComplete = false
    }
  }
  if (greatestId > 0) await settle(stored, 'staging.id')
  // References mean the first row with an id.
  if (hasRepeats) await settle(earlier, 'NULL')
  if (onConflict === 'fail' && settled.conflicts.size > 0) throw idsTaken([...settled.conflicts.values()])
  if (!isComplete) await moveRows(client, batch, lastDrawn, settled)
  return settled
}

/**
 * Drops the staged rows whose id `present` has. With `isRenumbered` it only clears the id of different rows.
 * Returns the number of dropped rows, and the different rows.
 */
async function dropTaken(
  client: ClientBase,
  kind: Kind,
  present: string,
  isRenumbered: boolean,
  fileId: string
): Promise<{ dropped: number; different: Taken[] }> {
  const { rows } = await client.query<{ dropped: string; different: Taken[] | null }>(
    `WITH compared AS MATERIALIZED (
       SELECT staging.line, staging.id, ${listDifferences(kind)} AS differences,
         coalesce(${kind.isSame}, false) AS is_same
       FROM staging JOIN ${present}
     ), taken AS MATERIALIZED (
       SELECT line, id, differences, differences = '' OR is_same OR NOT $1::boolean AS is_dropped FROM compared
     ), dropped AS (
       DELETE FROM staging USING taken WHERE staging.line = taken.line AND is_dropped
     ), freed AS (
       UPDATE staging SET id = NULL, file_id = ${fileId} FROM taken WHERE staging.line = taken.line AND NOT is_dropped
     )
     SELECT count(*) FILTER (WHERE is_dropped) AS dropped,
       json_agg(json_build_object('line', line, 'id', id, 'differences', differences, 'isDropped', is_dropped))
         FILTER (WHERE differences <> '') AS different
     FROM taken`,
    [isRenumbered]
  )
  const [{ dropped = 0, different = null } = {}] = rows
  return { dropped: Number(dropped), different: different ?? [] }
}

/** SQL of the stored rows, with the values that their columns have in files. */
function presentRows(kind: Kind): string {
  const values = kind.columns
    .filter(({ isInputOnly }) => !isInputOnly)
    .map(({ name, value = quoteName(name) }) => `${value} AS ${quoteName(name)}`)
  return `(SELECT ${values.join(', ')} FROM ${kind.name}) present`
}

/** SQL for the names of the columns in which a staged row and `present` differ. */
function listDifferences({ columns }: Kind): string {
  const names = columns
    .filter(({ name, isInputOnly, isVolatile }) => !isInputOnly && !isVolatile && name !== 'id')
    .map(({ name }) => name)
  const cases = names.map((name) => {
    const [here, there] = [`staging.${quoteName(name)}`, `present.${quoteName(name)}`]
    return `CASE WHEN ${here} IS NOT NULL AND ${there} IS DISTINCT FROM ${here} THEN '${name}' END`
  })
  return `concat_ws(', ', ${cases.join(', ')})`
}

/**
 * Assigns an id to each staged row without one. Rows that an earlier import stored under another id, which is
 * greater than the file's, are dropped.
 */
async function moveRows(
  client: ClientBase,
  { kind, drawAfter }: Batch,
  lastDrawn: number,
  settled: SettledIds
): Promise<void> {
  const { conflicts, moved } = settled
  await client.query('ANALYZE staging')
  const { rows: found } = await client.query<Moved & { differences: string }>(
    `WITH found AS MATERIALIZED (
       SELECT DISTINCT ON (staging.line) staging.line, staging.file_id, present.id, ${listDifferences(kind)} AS differences
       FROM staging JOIN ${presentRows(kind)} ON ${kind.finds}
       WHERE staging.id IS NULL AND present.id > coalesce(staging.file_id, 0) AND present.id <= $1::bigint
         AND (${listDifferences(kind)} = '' OR ${kind.isFound})
       ORDER BY staging.line, ${listDifferences(kind)} <> '', present.id
     ), dropped AS (
       DELETE FROM staging USING found WHERE staging.line = found.line
     )
     SELECT * FROM found`,
    [lastDrawn]
  )
  settled.skipped += found.length
  for (const { line, file_id: fileId, id, differences } of found) {
    const reason = `is ${kind.name.slice(0, -1)} ${id}, which differs (${differences}): skipped`
    if (differences !== '') settled.changed.push({ line: Number(line), reason })
    conflicts.delete(Number(line))
    if (fileId !== null) moved.set(Number(line), { fileId, id })
  }
  const { rows: missing } = await client.query('SELECT FROM staging WHERE id IS NULL LIMIT 1')
  if (missing.length === 0) return
  await passSequence(client, `${kind.name}_id_seq`, drawAfter)
  const { rows: numbered } = await client.query<Moved>(
    `WITH numbered AS MATERIALIZED (
       SELECT line, nextval('${kind.name}_id_seq') AS id
       FROM (SELECT line FROM staging WHERE id IS NULL ORDER BY line) AS missing
     )
     UPDATE staging SET id = numbered.id FROM numbered WHERE staging.line = numbered.line
     RETURNING staging.line, staging.file_id, staging.id`
  )
  for (const { line, file_id: fileId, id } of numbered) {
    const conflict = conflicts.get(Number(line))
    if (conflict) conflict.reason += `: stored as ${id}`
    if (conflict || fileId !== null) moved.set(Number(line), { fileId, id })
  }
}

interface Moved {
  line: string
  file_id: string | null
  id: string
}
