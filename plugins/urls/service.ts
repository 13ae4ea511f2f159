import {
  type Caller,
  isWithin,
  type OwnerFilter,
  onlyOwnerOf,
  ownerFilterOf,
  ownerOf
} from '#platform/access/caller.ts'
import type { Cache } from '#platform/cache/index.ts'
import type { Database, SqlPart } from '#platform/database/index.ts'
import type { JsonPage, SortedPage } from '#platform/database/json-list.ts'
import type { FindOwned, Insertion, RecordChanges } from '#plugins/audit/contract.ts'
import type { UrlChange, UrlDraft, UrlQuery } from '#schema/shapes/url.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { createCandidates, isReservedCode, type RandomSource } from './codes.ts'
import type { LinkTarget } from './contract.ts'
import { codeReserved, codesExhausted, codeTaken, targetRefused, urlUnknown } from './errors.ts'
import type { UrlColumns } from './fields.ts'
import { columnsOf, differences, ERASED, pick, type Replaced, valuesOf } from './service-changes.ts'
import { openRows, ROWS } from './service-rows.ts'
import { createTargetLookup, keyOf } from './service-targets.ts'
import { deleteUrlsOfUser, disownUrls, findUrls, lockUrl, updateUrl } from './store.ts'
import { createInsertion } from './store-create.ts'
import { openUrlList } from './store-list.ts'
import type { TargetContext } from './targets.ts'

/**
 * `app.urls`: links and their codes. Without access to all links, a caller sees its own; others are unknown
 * to it. Each change writes its events in the same transaction.
 */
export interface UrlService {
  /** `base` is the public address of the server, without a trailing slash. */
  list(caller: Caller, query: UrlQuery, base: string): Promise<JsonPage | SortedPage>
  /** The number of urls that the caller sees. */
  count(caller: Caller): Promise<number>
  /** Returns the url from the cache, which is invalidated like that of redirects. Throws URL_UNKNOWN. */
  get(caller: Caller, id: number): Promise<UrlRow>
  /** Returns the url from the database. Throws URL_UNKNOWN. */
  getCurrent(caller: Caller, id: number): Promise<UrlRow>
  /**
   * Checks a draft and returns the function that creates the url. The check may wait for a name server, so it
   * runs before any transaction; the function may run in one. Throws URL_CODE_RESERVED, and
   * URL_TARGET_REFUSED, which blames the field `target.blamed`. The function throws USER_UNKNOWN,
   * URL_CODE_TAKEN, URL_CODES_EXHAUSTED.
   */
  prepare(caller: Caller, draft: UrlDraft, target?: TargetContext): Promise<() => Promise<UrlRow>>
  /**
   * Changes the fields that differ, with an `updated` event for each. Returns the row before and after.
   * Throws URL_UNKNOWN, URL_TARGET_REFUSED.
   */
  change(caller: Caller, id: number, change: UrlChange, target?: TargetContext): Promise<Replaced>
  /** Marks the url deleted; row, code and events remain. `reason` goes into the event. Throws URL_UNKNOWN. */
  remove(caller: Caller, id: number, reason: string): Promise<void>
  /**
   * Returns the link of an encoded {@link LinkKey}, even if deleted, or null. One prepared query per batch;
   * callers cache.
   */
  findByKey(key: string): Promise<LinkTarget | null>
}

/** Collaborators: parts of `app.users`, `app.events` and `app.audit`, and the check of targets. */
export interface UrlCollaborators {
  users: {
    lockForShare(id: number, ownerFilter: OwnerFilter): Promise<void>
    readonly shareLock: SqlPart
  }
  events: {
    record(
      records: { urlId: number; userId: number | null; eventType: string; details: Record<string, unknown> }[]
    ): Promise<void>
    insertionOf(rows: SqlPart): SqlPart
  }
  audit: { record: RecordChanges; insertion: Insertion; findOwned: FindOwned }
  outbox: { add(message: { topic: string; aggregate: string; payload: { id: number } }): Promise<void> }
  /** Removes what the user entered from the events and audit entries of these urls. */
  erase(userId: number, rows: UrlRow[]): Promise<void>
  /** Returns why a target is refused, or null. `here` as in {@link TargetContext}. */
  checkTarget(target: string, here?: string): string | null
}

export interface UrlServiceOptions {
  codeLength: number
  random?: RandomSource
}

/** The cache in which redirects keep {@link LinkTarget}s by encoded key. */
export const LINKS = 'links'

export function createUrlService(
  database: Database,
  cache: Pick<Cache, 'invalidate' | 'open'>,
  { users, events, audit, outbox, erase, checkTarget }: UrlCollaborators,
  { codeLength, random }: UrlServiceOptions
) {
  const { db } = database
  const list = openUrlList()
  const findRow = openRows(database, cache)
  const insertUrl = createInsertion({ users, events, audit })
  const forgetAfterCommit = (rows: UrlRow[]) => {
    const links = rows.map((row) => ({ key: keyOf(row), version: row.version }))
    const byId = rows.map(({ id, version }) => ({ key: String(id), version }))
    return database.afterCommit(() =>
      Promise.all([cache.invalidate(LINKS, links), cache.invalidate(ROWS, byId)])
    )
  }

  /** Returns the row unless it is deleted or the filter excludes it. Throws URL_UNKNOWN. */
  function checkRow(row: UrlRow | null | undefined, id: number, ownerFilter: OwnerFilter): UrlRow {
    const isKnown = row && row.deletedAt === null && (ownerFilter === 'all' || row.userId === ownerFilter)
    if (!isKnown) throw urlUnknown(id)
    return row
  }

  function refuseTarget(target: string, path: string, here: string | undefined): void {
    const verdict = checkTarget(target, here)
    if (verdict !== null) throw targetRefused(path, verdict)
  }

  async function insert(caller: Caller, draft: UrlDraft): Promise<UrlRow> {
    const ownerFilter = ownerFilterOf(caller)
    const userId = ownerOf(ownerFilter, draft.user_id)
    const { shortCode: chosen, ...values } = { ...columnsOf(draft), userId }
    const candidates = () => (chosen === null ? createCandidates(codeLength, random) : [chosen])
    const ownerId = userId === null ? undefined : isWithin(ownerFilter, userId) ? userId : null
    const audited = valuesOf({ ...values, shortCode: '' })
    let row: UrlRow | null = null
    // A concurrent creation may take the same code or create the owner. The next attempt sees it.
    for (let left = chosen === null ? 3 : 2; left > 0 && !row; left--) {
      row = await insertUrl(db, { values, codes: candidates(), ownerId, audited })
      if (row === null && userId !== null) await users.lockForShare(userId, ownerFilter)
    }
    if (!row) throw chosen === null ? codesExhausted() : codeTaken(chosen)
    if (row.title === null)
      await outbox.add({ topic: 'url.untitled', aggregate: String(row.id), payload: { id: row.id } })
    // Redirects may have cached this code as unknown.
    await forgetAfterCommit([row])
    return row
  }

  const service: UrlService = {
    list: (caller, query, base) =>
      list.read(database.readStale, query, { owner: onlyOwnerOf(caller), extra: { base } }),

    count: (caller) => list.count(database.readStale, onlyOwnerOf(caller)),

    async get(caller, id) {
      return checkRow(await findRow(id), id, ownerFilterOf(caller))
    },

    async getCurrent(caller, id) {
      const [row] = await findUrls(db, [id])
      return checkRow(row, id, ownerFilterOf(caller))
    },

    async prepare(caller, draft, { blamed = 'original_url', here } = {}) {
      refuseTarget(draft.original_url, blamed, here)
      if (draft.short_code && isReservedCode(draft.short_code)) throw codeReserved(draft.short_code)
      return () => database.transaction(() => insert(caller, draft))
    },

    async change(caller, id, change, { here } = {}) {
      return database.transaction(async () => {
        const old = await lockUrl(db, id, ownerFilterOf(caller))
        if (!old) throw urlUnknown(id)
        const changes = differences(old, change)
        if (changes.length === 0) return { before: old, after: old }
        const columns = Object.assign({}, ...changes.map(({ columns }) => columns)) as UrlColumns
        // An unchanged target is not checked; an import may have brought it.
        if (columns.originalUrl !== undefined) refuseTarget(columns.originalUrl, 'original_url', here)
        const changed = await updateUrl(db, id, columns)
        const records = changes.map(({ field, new_value }) => ({
          urlId: id,
          userId: old.userId,
          eventType: 'updated',
          details: { field, new_value }
        }))
        await events.record(records)
        const fields = changes.map(({ field }) => field)
        const [before, after] = [pick(valuesOf(old), fields), pick(valuesOf(changed), fields)]
        await audit.record([{ action: 'updated', resource: 'url', id, before, after }])
        await forgetAfterCommit([changed])
        return { before: old, after: changed }
      })
    },

    async remove(caller, id, reason) {
      await database.transaction(async () => {
        const old = await lockUrl(db, id, ownerFilterOf(caller))
        if (!old) throw urlUnknown(id)
        await events.record([{ urlId: id, userId: old.userId, eventType: 'deleted', details: { reason } }])
        await audit.record([{ action: 'deleted', resource: 'url', id, before: valuesOf(old) }])
        await forgetAfterCommit([await updateUrl(db, id, { deletedAt: new Date() })])
      })
    },

    findByKey: createTargetLookup(database)
  }

  /** Runs in the transaction that deletes a user. Its urls lose their owner; `cascade` deletes them too. */
  async function onUserDeleted(user: { id: number; cascade: boolean; isErased: boolean }) {
    // An erasure after the deletion also covers the urls that the user owned before.
    const formerIds = user.isErased ? (await audit.findOwned('url', user.id)).map(Number) : []
    const of = { userId: user.id, formerIds }
    if (user.cascade) {
      const deleted = await deleteUrlsOfUser(db, of)
      const details = { reason: 'user_deleted' }
      await events.record(
        deleted.map((row) => ({ urlId: row.id, userId: user.id, eventType: 'deleted', details }))
      )
      await audit.record(
        deleted.map((row) => ({ action: 'deleted', resource: 'url', id: row.id, before: valuesOf(row) }))
      )
    }
    const disowned = await disownUrls(db, of, user.isErased ? ERASED : {})
    const [before, after] = [{ user_id: user.id }, { user_id: null }]
    await audit.record(disowned.map(({ id }) => ({ action: 'updated', resource: 'url', id, before, after })))
    if (user.isErased) await erase(user.id, disowned)
    await forgetAfterCommit(disowned)
  }

  return { service, onUserDeleted }
}
