import type { ClientBase } from 'pg'
import type { Merged } from './store.ts'
import { findUnknown } from './store-references.ts'

const COLUMNS = 'id, url_id, user_id, event_type, "timestamp", details'

/**
 * Inserts the staged events, at the times they have. Statistics that are kept beside the events must count the
 * imported clicks in this transaction, from `staging`: it holds just the rows that land.
 */
export async function mergeEvents(client: ClientBase): Promise<Merged> {
  await client.query(`INSERT INTO events (${COLUMNS}) SELECT ${COLUMNS} FROM staging ORDER BY line`)
  const warnings = [
    ...(await findUnknown(client, 'url', 'urls')),
    ...(await findUnknown(client, 'user', 'users'))
  ]
  return { rejected: [], warnings }
}
