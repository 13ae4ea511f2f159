import type { ClientBase } from 'pg'
import { compactJson, storedBytes } from '#platform/http/plain-json.ts'
import type { ImportKind, StagedIds } from '#plugins/imports/contract.ts'
import { EventType } from '#schema/shapes/event.ts'
import { lengthLimit } from '#schema/shapes/text.ts'

/** Imports events. */

/** Runs in the transaction that imports events, before the staging table is dropped. */
export type ImportListener = (client: ClientBase) => Promise<void>

const COLUMNS = 'id, url_id, user_id, event_type, "timestamp", details'

export function createEventImport(maxDetailsBytes: number, listeners: readonly ImportListener[]): ImportKind {
  /** Blanks do not count, but a text with too many of them is refused without parsing. */
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
    // The bounds exclude other partitions.
    finds: `present.url_id = staging.url_id AND present."timestamp" = staging."timestamp"
      AND present."timestamp" BETWEEN (SELECT min("timestamp") FROM staging) AND (SELECT max("timestamp") FROM staging)`,
    isFound: 'false',
    prepare: ensurePartitions,
    waitForInFlightInserts,
    reassignIds,

    /** Events keep the times of their rows. Listeners get only the rows that are imported. */
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
 * Creates the partitions of months. Times before 2000 or after the next year are usually mistakes, and each
 * partition slows every query. Such rows go to the default partition.
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
 * Waits for open inserts. The primary key includes the timestamp, so a request and an import could have the
 * same id. Later requests wait for the lock, so a short transaction of its own takes it.
 */
async function waitForInFlightInserts(client: ClientBase): Promise<void> {
  await client.query('LOCK TABLE ONLY events IN SHARE ROW EXCLUSIVE MODE')
}

/**
 * Reassigns the ids of clicks only: no answer has shown them. The sequence can't skip ids that are not read
 * yet.
 */
async function reassignIds(client: ClientBase, { leastId, greatestId }: StagedIds): Promise<void> {
  await client.query(
    `UPDATE events SET id = nextval('events_id_seq') FROM staging
     WHERE events.id = staging.id AND events.id BETWEEN $1::bigint AND $2::bigint AND events.click_id IS NOT NULL`,
    [leastId, greatestId]
  )
}
