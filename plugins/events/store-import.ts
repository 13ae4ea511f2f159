import type { ClientBase } from 'pg'
import { compactJson, storedBytes } from '#platform/http/plain-json.ts'
import type { ImportKind, StagedIds } from '#plugins/imports/contract.ts'
import { EventType } from '#schema/shapes/event.ts'
import { lengthLimit } from '#schema/shapes/text.ts'

/** The part of events in imports. */

/** Called in the transaction that imports events, before the staging table goes. */
export type ImportListener = (client: ClientBase) => Promise<void>

const COLUMNS = 'id, url_id, user_id, event_type, "timestamp", details'

export function createEventImport(maxDetailsBytes: number, listeners: readonly ImportListener[]): ImportKind {
  /** Blanks do not count, but a text with that many of them is not worth a look. */
  const isLarge = (details: string) =>
    storedBytes(details) > maxDetailsBytes &&
    (details.length > 4 * maxDetailsBytes || storedBytes(compactJson(details)) > maxDetailsBytes)
  const tooLarge = `takes more than ${maxDetailsBytes} bytes (DETAILS_LIMIT_BYTES)`

  return {
    name: 'events',
    columns: [
      { name: 'id', type: 'bigint', isMade: true },
      { name: 'url_id', type: 'bigint', isRequired: true, refersTo: 'urls' },
      { name: 'user_id', type: 'bigint', refersTo: 'users' },
      { name: 'event_type', type: 'text', maxLength: lengthLimit(EventType), isRequired: true },
      { name: 'timestamp', type: 'timestamptz', isMade: true },
      { name: 'details', type: 'jsonb', refuse: (details) => (isLarge(details) ? tooLarge : null) }
    ],
    knownBy: 'timestamp',
    isSame: 'false',
    // The bounds keep other partitions out.
    finds: `present.url_id = staging.url_id AND present."timestamp" = staging."timestamp"
      AND present."timestamp" BETWEEN (SELECT min("timestamp") FROM staging) AND (SELECT max("timestamp") FROM staging)`,
    isFound: 'false',
    prepare: ensurePartitions,
    waitForInFlightInserts,
    reassignIds,

    /** Events have the times of their rows. Listeners see just the rows that land. */
    async merge(client, { hasGaps }) {
      if (hasGaps)
        await client.query(
          `UPDATE staging SET "timestamp" = coalesce("timestamp", date_trunc('second', now()))`
        )
      await client.query(`INSERT INTO events (${COLUMNS}) SELECT ${COLUMNS} FROM staging`)
      for (const listener of listeners) await listener(client)
      return { rejected: [], warnings: [] }
    }
  }
}

/**
 * Makes the partitions of months. Times before 2000 or beyond the coming year are mistakes more often than not, and each partition costs
 * every query: those rows go to the default one.
 */
async function ensurePartitions(client: ClientBase, months: ReadonlySet<string>): Promise<void> {
  const limit = new Date()
  limit.setUTCFullYear(limit.getUTCFullYear() + 1)
  const last = limit.toISOString().slice(0, 7)
  const days = [...months].filter((month) => month >= '2000-01' && month <= last)
  await client.query('SELECT ensure_events_partition(day) FROM unnest($1::timestamptz[]) AS day', [
    days.map((month) => `${month}-01 00:00:00+00`)
  ])
}

/**
 * A primary key with the timestamp in it would let a request and an import have the same id. Requests that come later wait behind the
 * lock, so it is held in a short transaction of its own.
 */
async function waitForInFlightInserts(client: ClientBase): Promise<void> {
  await client.query('LOCK TABLE ONLY events IN SHARE ROW EXCLUSIVE MODE')
}

/** Only clicks get new ids: no answer has shown theirs, and the sequence can't be past ids that have not been read yet. */
async function reassignIds(client: ClientBase, { leastId, greatestId }: StagedIds): Promise<void> {
  await client.query(
    `UPDATE events SET id = nextval('events_id_seq') FROM staging
     WHERE events.id = staging.id AND events.id BETWEEN $1::bigint AND $2::bigint AND events.click_id IS NOT NULL`,
    [leastId, greatestId]
  )
}
