import type { ClientBase } from 'pg'
import type { Merged } from './store.ts'
import { countStagedClicks } from './store-event-counts.ts'
import { findUnknown } from './store-references.ts'

const COLUMNS = 'id, url_id, user_id, event_type, "timestamp", details'

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
