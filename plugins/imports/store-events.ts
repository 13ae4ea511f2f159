import type { ClientBase } from 'pg'
import type { Batch } from './batch.ts'
import type { Merged } from './store.ts'
import { countStagedClicks } from './store-event-counts.ts'
import { findUnknown } from './store-references.ts'

const COLUMNS = 'id, url_id, user_id, event_type, "timestamp", details'

/**
 * Waits until whoever has drawn an id by now has stored its event: a primary key with the timestamp in it would let both
 * have the id. To be called in a short transaction of its own, as those who come later wait behind the lock.
 */
export async function waitForInFlightInserts(client: ClientBase): Promise<void> {
  await client.query('LOCK TABLE ONLY events IN SHARE ROW EXCLUSIVE MODE')
}

/**
 * Gives new ids to the clicks of this server that took ids of staged rows since the import began, after `lastDrawn`: the
 * sequence can't be past ids that have not been read yet. Nobody was answered a click's id. Events of requests keep theirs.
 */
export async function reassignIds(
  client: ClientBase,
  { leastId, greatestId }: Batch,
  lastDrawn: number
): Promise<void> {
  await client.query(
    `UPDATE events SET id = nextval('events_id_seq') FROM staging
     WHERE events.id = staging.id AND events.id BETWEEN $1::bigint AND $2::bigint AND events.click_id IS NOT NULL`,
    [Math.max(leastId, lastDrawn + 1), greatestId]
  )
}

/** Inserts the staged events, at the times they have, and counts the clicks among them: just the rows that land. */
export async function mergeEvents(client: ClientBase): Promise<Merged> {
  await client.query(`INSERT INTO events (${COLUMNS}) SELECT ${COLUMNS} FROM staging`)
  const warnings = [
    ...(await findUnknown(client, 'url', 'urls')),
    ...(await findUnknown(client, 'user', 'users'))
  ]
  await countStagedClicks(client)
  return { rejected: [], warnings }
}
