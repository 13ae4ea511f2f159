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
 * Stores one batch of rows. The stores of imports use a bare client, because Drizzle supports neither COPY
 * nor its staging table.
 */

/**
 * Timeout of one statement of an import. The pool's own timeout is for requests; a batch may have to wait for
 * a lock or for the disk.
 */
const STATEMENT_TIMEOUT_MS = 300_000

export interface StoreRules {
  /** The result of `findLastDrawn` when the import began. */
  lastDrawn: number
  onConflict: OnConflict
}

/**
 * Stores a batch in one transaction. `rules` decide about rows with an existing id; the merge of the kind
 * validates and inserts the others. Imports of a kind run one at a time across all replicas, so that each one
 * finds the duplicates and codes of the one before. Clicks that took an id since the import began get a new
 * one. Throws the driver's errors and IMPORT_CONFLICT; the transaction has ended then.
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

/**
 * Runs `work` between BEGIN and COMMIT. On an error it rolls back, if the connection still can, and rethrows.
 */
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
