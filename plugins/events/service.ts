import { type Caller, isWithin, onlyOwnerOf, ownerFilterOf, ownerOf } from '#platform/access/caller.ts'
import { violatedConstraint } from '#platform/database/errors.ts'
import type { Database, SqlPart } from '#platform/database/index.ts'
import type { JsonPage, ListChunk, SortedPage } from '#platform/database/json-list.ts'
import type { MaintenanceReport } from '#platform/database/maintenance.ts'
import type { FreshMark } from '#platform/database/read-replica.ts'
import { storedBytes } from '#platform/http/plain-json.ts'
import type { Click } from '#plugins/clicks/contract.ts'
import type { Event, EventDraft, EventQuery } from '#schema/shapes/event.ts'
import type { EventRow } from '#schema/tables/events.ts'
import { storeWithin } from './click-limit.ts'
import { type CountedClick, insertMissingClicks, insertNewClicks } from './click-store.ts'
import type { StoredWithin } from './contract.ts'
import { detailsTooLarge, eventUnknown, urlMissing, userMissing } from './errors.ts'
import { presentEvent } from './present.ts'
import { maintain } from './service-maintenance.ts'
import {
  type After,
  type EventRecord,
  eraseDetails,
  findEvent,
  insertEvents,
  insertionOf,
  lockUrlForShare,
  lockUserForShare,
  readEventsElsewhere,
  readEventsOfUrl
} from './store.ts'
import { openEventList } from './store-list.ts'

const INSERT_CHUNK = 5_000

/**
 * `app.events`: the events of links. Without access to all links, a caller sees the events of its own links
 * only.
 */
export interface EventService {
  /** `since` and `until` are both inclusive. Throws INPUT_INVALID if they are reversed. */
  list(caller: Caller, query: EventQuery, mark: FreshMark): Promise<JsonPage | SortedPage>
  /** Throws EVENT_UNKNOWN. */
  get(caller: Caller, id: number): Promise<Event>
  /** Returns at most `limit` events of a link, in the order of ids, from `after`. */
  readOfUrl(urlId: number, page: After): Promise<ListChunk>
  /** Returns a user's events on other users' links, paged like `readOfUrl`. */
  readElsewhere(userId: number, page: After): Promise<ListChunk>
  /**
   * Records an event from a client. Throws REFERENCE_UNKNOWN if the url or user does not exist, INPUT_INVALID
   * for large details.
   */
  create(caller: Caller, draft: EventDraft): Promise<Event>
  /** Writes events in the caller's transaction, with the current time. */
  record(records: EventRecord[]): Promise<void>
  /**
   * Returns the INSERT of the events that a SELECT returns (url_id, user_id, event_type, details). It is part
   * of the statement that changes their links.
   */
  insertionOf(rows: SqlPart): SqlPart
  /** Empties the details of a user's events and of the events of its urls, in the caller's transaction. */
  erase(userId: number, urlIds: readonly number[]): Promise<void>
  /** Stores clicks in one transaction, each once even if delivered again. */
  storeClicks(clicks: Click[]): Promise<void>
  /**
   * Stores clicks in order, of each link at most as many new ones as `left` has, in the caller's transaction,
   * which has locked the links.
   */
  storeWithin(clicks: readonly Click[], left: ReadonlyMap<number, number>): Promise<StoredWithin>
  /** Registers a counter that runs in the transaction that stores clicks. */
  onClicks(work: ClickCounter): void
  /** Creates partitions ahead and drops expired ones. The plugin schedules it. See {@link maintain}. */
  maintain(now: number): Promise<MaintenanceReport | null>
}

export interface EventServiceOptions {
  /** Largest details of an event, in bytes of JSON. */
  maxDetailsBytes: number
  /** Whole months for which events are kept, besides the current one; 0 keeps them forever. */
  retentionMonths: number
}

/** Runs in the transaction that stores clicks, with the new ones. */
export type ClickCounter = (clicks: CountedClick[]) => Promise<void>

export function createEventService(
  database: Database,
  { maxDetailsBytes, retentionMonths }: EventServiceOptions
): EventService {
  const list = openEventList()
  const { db } = database
  const counters: ClickCounter[] = []

  async function count(clicks: CountedClick[]): Promise<void> {
    for (const counter of counters) await counter(clicks)
  }

  return {
    list: (caller, query, mark) =>
      list.read((work) => database.readFresh(mark, work), query, { owner: onlyOwnerOf(caller) }),

    async get(caller, id) {
      const row = await findEvent(db, id, ownerFilterOf(caller))
      if (!row) throw eventUnknown(id)
      return presentEvent(row)
    },

    readOfUrl: (urlId, page) => readEventsOfUrl(db, urlId, page),

    readElsewhere: (userId, page) => readEventsElsewhere(db, userId, page),

    async create(caller, { url_id: urlId, user_id: named, event_type: eventType, details = {} }) {
      if (storedBytes(JSON.stringify(details)) > maxDetailsBytes) throw detailsTooLarge(maxDetailsBytes)
      const ownerFilter = ownerFilterOf(caller)
      const userId = ownerOf(ownerFilter, named)
      return database.transaction(async () => {
        // Lock users before urls, in the common lock order.
        const isUserThere =
          userId === null || (isWithin(ownerFilter, userId) && (await lockUserForShare(db, userId)))
        if (!(await lockUrlForShare(db, urlId, ownerFilter))) throw urlMissing(urlId)
        if (userId !== null && !isUserThere) throw userMissing(userId)
        const [inserted] = await insertEvents(db, [{ urlId, userId, eventType, details }])
        const row = inserted as EventRow
        if (eventType === 'click') await count([{ urlId, at: row.timestamp, isBot: false, visitor: null }])
        return presentEvent(row)
      })
    },

    async record(records) {
      // A statement takes at most 65,535 parameters (PostgreSQL protocol, Bind).
      for (let at = 0; at < records.length; at += INSERT_CHUNK) {
        await insertEvents(db, records.slice(at, at + INSERT_CHUNK))
      }
    },

    insertionOf,

    erase: (userId, urlIds) => eraseDetails(db, userId, urlIds),

    async storeClicks(clicks) {
      const storeBy = (insert: typeof insertNewClicks) =>
        database.transaction(async () => {
          const stored = await insert(db, clicks)
          if (stored.length > 0) await count(stored)
        })
      try {
        await storeBy(insertNewClicks)
      } catch (error) {
        // Only an outage causes duplicates. A lookup of each click first would make every insert a third
        // slower.
        if (violatedConstraint(error) === null) throw error
        await storeBy(insertMissingClicks)
      }
    },

    storeWithin: (clicks, left) => storeWithin(db, { clicks, left, count }),

    onClicks(work) {
      counters.push(work)
    },

    maintain: (now) => maintain(database, { now, retentionMonths })
  }
}
