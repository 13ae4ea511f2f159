import type { ClientBase } from 'pg'
import type { OnConflict } from '#schema/shapes/import-report.ts'
import type { Batch } from './batch.ts'
import type { Remark } from './contract.ts'
import type { Outcome } from './report.ts'
import { findUnknown } from './store-references.ts'
import { passSequence } from './store-sequences.ts'
import { stageRows } from './store-staging.ts'
import { settleIds } from './store-taken.ts'

/**
 * Storing one batch of rows. The stores of imports run on a bare client, first parameter as in every store: COPY
 * and its staging table are beyond Drizzle.
 */

/**
 * Longest run of one statement of an import. The pool's own limit is for requests; a batch may have to wait for a
 * lock or for the disk.
 */
const STATEMENT_TIMEOUT_MS = 300_000

export interface StoreRules {
  /** What `findLastDrawn` gave when the import began. */
  lastDrawn: number
  onConflict: OnConflict
}

/**
 * Stores a batch in one transaction: rows with an id that is there are settled as the rules say, the others are judged and inserted by
 * the merge of their kind. Imports of a kind take turns, also those of other replicas, so that twins and taken codes
 * are found in what the one before them stored. Clicks that took an id since the import began make room. Throws the driver's errors and
 * IMPORT_CONFLICT; the client is then out of the transaction.
 */
export async function storeBatch(client: ClientBase, batch: Batch, rules: StoreRules): Promise<Outcome> {
  const { kind, months, greatestId } = batch
  const { name, columns, prepare, waitForInFlightInserts, reassignIds, merge } = kind
  const sequence = `${name}_id_seq`
  const takeTurn = () =>
    client.query("SELECT pg_advisory_xact_lock(hashtext('fairlead.imports'), hashtext($1))", [name])
  if (prepare) await inTransaction(client, () => prepare(client, months))
  if (waitForInFlightInserts)
    await inTransaction(client, async () => {
      await takeTurn()
      await passSequence(client, sequence, greatestId)
      await waitForInFlightInserts(client)
    })
  return inTransaction(client, async () => {
    await takeTurn()
    await passSequence(client, sequence, greatestId)
    await stageRows(client, batch)
    const leastId = Math.max(batch.leastId, rules.lastDrawn + 1)
    if (leastId <= greatestId) await reassignIds?.(client, { leastId, greatestId })
    const { skipped, conflicts, moved, changed } = await settleIds(client, batch, rules)
    const { rejected, warnings } = await merge(client, batch)
    const unknown: Remark[] = []
    for (const column of columns) unknown.push(...(await findUnknown(client, column)))
    for (const { line } of rejected) {
      conflicts.delete(line)
      const row = moved.get(line)
      if (row) row.id = null
    }
    return {
      imported: batch.rows - skipped - rejected.length,
      skipped,
      renumbered: [...conflicts.keys()].filter((line) => moved.has(line)).length,
      conflicts: [...conflicts.values()],
      rejected,
      warnings: [...changed, ...unknown, ...warnings],
      newIds: [...moved.values()].flatMap(({ fileId, id }) =>
        fileId === null ? [] : [[fileId, id] as const]
      )
    }
  })
}

/** Runs `work` between BEGIN and COMMIT; when it throws, rolls back (if the connection still can) and rethrows. */
async function inTransaction<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query(`BEGIN; SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`)
  try {
    const result = await work()
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}
