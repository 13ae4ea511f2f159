import { AsyncLocalStorage } from 'node:async_hooks'
import type { Database } from '#platform/database/index.ts'
import type {
  AuditChange,
  EraseChanges,
  FindOwned,
  Insertion,
  ListChanges,
  RecordChanges
} from './contract.ts'
import { presentChange } from './present.ts'
import {
  type AuditAuthor,
  type AuditRecord,
  deleteOldAudit,
  eraseAudit,
  findOwned,
  insertAudit,
  insertionOf
} from './store.ts'
import { openAuditList } from './store-list.ts'

/** `app.audit`: the log of changes and their authors. */
export interface AuditService {
  /**
   * Appends changes in the caller's transaction. Their author is set by {@link actAs}; by default it is the
   * system.
   */
  record: RecordChanges
  insertion: Insertion
  /** Removes values from entries, for the erasure of a user. Nothing else changes entries. */
  erase: EraseChanges
  findOwned: FindOwned
  /** Runs `work`, with everything that it calls, on behalf of `author`. */
  actAs<T>(author: AuditAuthor, work: () => T): T
  /** Converts a row to an entry of the API. */
  present: typeof presentChange
  list: ListChanges
  /**
   * Deletes entries older than the retention at `now`, milliseconds since the epoch. Returns their number.
   */
  maintain(now: number): Promise<number>
}

export interface AuditServiceOptions {
  /** Months to keep entries; 0 keeps them forever. */
  retentionMonths: number
}

const SYSTEM: AuditAuthor = { kind: 'system', keyId: null, userId: null, name: null, requestId: null }

const RECORD_CHUNK = 5_000
const DELETE_CHUNK = 10_000

export function createAuditService(
  database: Database,
  { retentionMonths }: AuditServiceOptions
): AuditService {
  const { db } = database
  const list = openAuditList()
  // The author is ambient, because otherwise each call of a service would have to pass it on.
  const authors = new AsyncLocalStorage<AuditAuthor>()
  const author = () => authors.getStore() ?? SYSTEM
  return {
    async record(changes) {
      for (let at = 0; at < changes.length; at += RECORD_CHUNK)
        await insertAudit(db, author(), changes.slice(at, at + RECORD_CHUNK).map(toRecord))
    },

    insertion: {
      of: (rows) => insertionOf(rows),
      values: () => ({ auditAuthor: JSON.stringify(author()) })
    },

    erase: (erasure) => eraseAudit(db, erasure),
    findOwned: (resource, userId) => findOwned(db, resource, userId),
    present: presentChange,

    actAs: (author, work) => authors.run(author, work),

    list: (query) => list.read((work) => work(db), query, {}),

    async maintain(now) {
      if (retentionMonths === 0) return 0
      let deleted = 0
      for (;;) {
        const count = await database.transaction(() =>
          deleteOldAudit(db, { now, months: retentionMonths, limit: DELETE_CHUNK })
        )
        deleted += count
        if (count < DELETE_CHUNK) return deleted
      }
    }
  }
}

function toRecord({ action, resource, id, before = null, after = null }: AuditChange): AuditRecord {
  return { action, resource, resource_id: id === null ? null : String(id), before, after }
}
