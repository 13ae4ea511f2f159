import type { ClientBase } from 'pg'
import type { OnConflict } from '#schema/shapes/import-report.ts'
import type { Batch } from './batch.ts'
import type { KindName } from './kinds.ts'
import type { Outcome } from './report.ts'
import { mergeEvents, reassignIds, waitForInFlightInserts } from './store-events.ts'
import { passSequence } from './store-sequences.ts'
import { fillGaps, stageRows } from './store-staging.ts'
import { settleIds } from './store-taken.ts'
import { type Codes, mergeUrls } from './store-urls.ts'
import { mergeUsers } from './store-users.ts'

/**
 * Storing one batch of rows. The stores of imports run on a bare client, first parameter as in every store: COPY
 * and its staging table are beyond Drizzle.
 */

/** What the merge of a kind did, beside skipping the ids that are there. */
export type Merged = Pick<Outcome, 'rejected' | 'warnings'>

const merges: Record<KindName, (client: ClientBase, codes: Codes) => Promise<Merged>> = {
  users: mergeUsers,
  urls: mergeUrls,
  events: mergeEvents
}

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
export async function storeBatch(
  client: ClientBase,
  batch: Batch,
  rules: StoreRules,
  codes: Codes
): Promise<Outcome> {
  const { name } = batch.kind
  const takeTurn = () =>
    client.query("SELECT pg_advisory_xact_lock(hashtext('fairlead.imports'), hashtext($1))", [name])
  if (name === 'events')
    await inTransaction(client, async () => {
      await takeTurn()
      await passSequence(client, 'events_id_seq', batch.greatestId)
      await waitForInFlightInserts(client)
    })
  return inTransaction(client, async () => {
    await takeTurn()
    await passSequence(client, `${name}_id_seq`, batch.greatestId)
    await stageRows(client, batch)
    if (name === 'events' && batch.greatestId > rules.lastDrawn)
      await reassignIds(client, batch, rules.lastDrawn)
    const { skipped, conflicts, moved, changed } = await settleIds(client, batch, rules)
    if (batch.hasGaps) await fillGaps(client, name)
    const { rejected, warnings } = await merges[name](client, codes)
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
      warnings: [...changed, ...warnings],
      newIds: [...moved.values()].flatMap(({ fileId, id }) =>
        fileId === null ? [] : [[fileId, id] as const]
      )
    }
  })
}

/** Makes the partitions of the months given ('2025-07') where they are missing, in a transaction of its own. */
export async function ensurePartitions(client: ClientBase, months: readonly string[]): Promise<void> {
  const days = months.map((month) => `${month}-01 00:00:00+00`)
  await inTransaction(client, () =>
    client.query('SELECT ensure_events_partition(day) FROM unnest($1::timestamptz[]) AS day', [days])
  )
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
