import { asc, type SQL } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import { type ListChunk, readChunk, selectLargeChunk } from '#platform/database/json-list.ts'
import { events } from '#schema/tables/events.ts'

/** The members of an event in JSON, as in presentEvent. */
export const MEMBERS = {
  id: events.id,
  url_id: events.urlId,
  user_id: events.userId,
  event_type: events.eventType,
  timestamp: events.timestamp,
  details: events.details
}

/** Reads the first chunk of the `wanted` events: at most `limit` rows. */
export function readEventChunk(on: Executor, wanted: SQL | undefined, limit: number): Promise<ListChunk> {
  return readChunk(limit, (most) => {
    // The alias is the name of the table, so that the members read the limited rows.
    const page = on.select().from(events).where(wanted).orderBy(asc(events.id)).limit(most).as('events')
    return selectLargeChunk(on, page, MEMBERS)
  })
}
