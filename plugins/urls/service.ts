import { type Caller, type OwnerFilter, ownerFilterOf, ownerOf } from '#platform/access/caller.ts'
import { batchLoad } from '#platform/async/batch-load.ts'
import type { Cache } from '#platform/cache/index.ts'
import { retryTakenId } from '#platform/database/errors.ts'
import type { Database, Executor, Within } from '#platform/database/index.ts'
import { createPageIndex } from '#platform/database/page-index.ts'
import type { LongPage } from '#platform/database/row-chunks.ts'
import type { FindOwned, RecordChanges } from '#plugins/audit/contract.ts'
import { pageWindow } from '#schema/shapes/page.ts'
import { isTrue } from '#schema/shapes/text.ts'
import type { UrlChange, UrlDraft, UrlQuery } from '#schema/shapes/url.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { createCandidates, isReservedCode, type RandomSource } from './codes.ts'
import { codeReserved, codesExhausted, codeTaken, targetRefused, urlUnknown } from './errors.ts'
import type { UrlColumns } from './fields.ts'
import { columnsOf, differences, ERASED, pick, type Replaced, valuesOf } from './service-changes.ts'
import {
  countUrlBuckets,
  countUrls,
  deleteUrlsOfUser,
  disownUrls,
  findUrl,
  insertUrl,
  listUrls,
  lockUrl,
  prepareFindByCodes,
  updateUrl
} from './store.ts'
import type { TargetContext } from './targets.ts'

/** What a redirect needs to know of a link. */
export interface LinkTarget {
  id: number
  userId: number | null
  shortCode: string
  originalUrl: string
  /** False too when the link is deleted. */
  isActive: boolean
  /** Milliseconds since the epoch. */
  expiresAt: number | null
  version: number
}

/**
 * `app.urls`: links and their codes. A caller meets its own where it does not reach all: another's is unknown to it. Each change
 * writes its events in the same transaction.
 */
export interface UrlService {
  list(caller: Caller, query: UrlQuery): Promise<LongPage<UrlRow>>
  /** Throws URL_UNKNOWN. */
  get(caller: Caller, id: number): Promise<UrlRow>
  /**
   * Throws USER_UNKNOWN, URL_CODE_TAKEN, URL_CODE_RESERVED, URL_CODES_EXHAUSTED, and URL_TARGET_REFUSED, which blames
   * the field `target.blamed`.
   */
  create(caller: Caller, draft: UrlDraft, within?: Within<UrlRow>, target?: TargetContext): Promise<UrlRow>
  /**
   * Changes what differs, an `updated` event for each field. Gives the row before and after. Throws URL_UNKNOWN,
   * URL_TARGET_REFUSED.
   */
  change(caller: Caller, id: number, change: UrlChange, target?: TargetContext): Promise<Replaced>
  /** Marks the url deleted; row, code and events stay. `reason` goes in the event. Throws URL_UNKNOWN. */
  remove(caller: Caller, id: number, reason: string): Promise<void>
  /** The link behind a code, deleted ones too, or null. One prepared query for all of a turn; callers cache. */
  findByCode(code: string): Promise<LinkTarget | null>
}

/** What links need of others: of `app.users`, `app.events` and `app.audit`, and who judges where they may lead. */
export interface UrlCollaborators {
  lockUserForShare(tx: Executor, id: number, ownerFilter: OwnerFilter): Promise<void>
  record(
    tx: Executor,
    records: { urlId: number; userId: number | null; eventType: string; details: Record<string, unknown> }[]
  ): Promise<void>
  audit: RecordChanges
  findOwned: FindOwned
  /** Takes what a user said of the urls `ids` out of their events and audit entries. */
  erase(tx: Executor, userId: number, rows: UrlRow[]): Promise<void>
  /** What is wrong with a target, or null; `here` as in {@link TargetContext}. */
  checkTarget(target: string, here?: string): string | null
}

export interface UrlServiceOptions {
  codeLength: number
  random?: RandomSource
}

/** The cache in which redirects keep {@link LinkTarget}s by code. */
export const LINKS = 'links'

export function createUrlService(
  database: Database,
  cache: Pick<Cache, 'invalidate'>,
  { lockUserForShare, record, audit, findOwned, erase, checkTarget }: UrlCollaborators,
  { codeLength, random }: UrlServiceOptions
) {
  const pages = createPageIndex({ countBuckets: countUrlBuckets })
  const byCodes = prepareFindByCodes(database.db, database.statementName('find_urls_by_code'))
  const forget = (rows: UrlRow[]) =>
    cache.invalidate(
      LINKS,
      rows.map(({ shortCode: key, version }) => ({ key, version }))
    )

  function refuseTarget(target: string, path: string, here: string | undefined): void {
    const verdict = checkTarget(target, here)
    if (verdict !== null) throw targetRefused(path, verdict)
  }

  async function insert(tx: Executor, caller: Caller, draft: UrlDraft): Promise<UrlRow> {
    const ownerFilter = ownerFilterOf(caller)
    const userId = ownerOf(ownerFilter, draft.user_id)
    if (userId !== null) await lockUserForShare(tx, userId, ownerFilter)
    const { shortCode: chosen, ...values } = { ...columnsOf(draft), userId }
    const candidates = () => (chosen === null ? createCandidates(codeLength, random) : [chosen])
    let row: UrlRow | null = null
    // Another creation may take the same code in the same moment; a second look sees it taken.
    for (let left = chosen === null ? 3 : 1; left > 0 && !row; left--)
      row = await insertUrl(tx, values, candidates())
    if (!row) throw chosen === null ? codesExhausted() : codeTaken(chosen)
    const { id: urlId, shortCode: short_code, originalUrl: original_url } = row
    await record(tx, [{ urlId, userId, eventType: 'created', details: { short_code, original_url } }])
    await audit(tx, [{ action: 'created', resource: 'url', id: urlId, after: valuesOf(row) }])
    return row
  }

  async function findByCodes(codes: readonly string[]): Promise<(LinkTarget | null)[]> {
    const rows = new Map((await byCodes.execute({ codes })).map((row) => [row.shortCode, row]))
    return codes.map((code) => {
      const row = rows.get(code)
      if (row === undefined) return null
      const { deletedAt, expiresAt, isActive, ...rest } = row
      return { ...rest, isActive: isActive && deletedAt === null, expiresAt: expiresAt?.getTime() ?? null }
    })
  }

  const service: UrlService = {
    async list(caller, query) {
      const ownerFilter = ownerFilterOf(caller)
      const filter = {
        owner: ownerFilter === 'all' ? undefined : ownerFilter,
        userId: query.user_id,
        isActive: query.is_active && isTrue(query.is_active),
        shortCode: query.short_code,
        text: query.q
      }
      const isFiltered = Object.values(filter).some((wanted) => wanted !== undefined)
      return pages.read(
        database.readStale,
        pageWindow(query),
        (on, place, limit) => listUrls(on, filter, place, limit),
        isFiltered ? (on) => countUrls(on, filter) : undefined
      )
    },

    async get(caller, id) {
      const row = await findUrl(database.db, id, ownerFilterOf(caller))
      if (!row) throw urlUnknown(id)
      return row
    },

    async create(caller, draft, within = database.transaction, { blamed = 'original_url', here } = {}) {
      refuseTarget(draft.original_url, blamed, here)
      if (draft.short_code && isReservedCode(draft.short_code)) throw codeReserved(draft.short_code)
      const row = await retryTakenId(() => within((tx) => insert(tx, caller, draft)))
      // A redirect may just have learnt that nobody has this code.
      await forget([row])
      return row
    },

    async change(caller, id, change, { here } = {}) {
      const [before, after] = await database.transaction(async (tx) => {
        const old = await lockUrl(tx, id, ownerFilterOf(caller))
        if (!old) throw urlUnknown(id)
        const changes = differences(old, change)
        if (changes.length === 0) return [old, old]
        const columns = Object.assign({}, ...changes.map(({ columns }) => columns)) as UrlColumns
        // One that was imported and stays is not judged.
        if (columns.originalUrl !== undefined) refuseTarget(columns.originalUrl, 'original_url', here)
        const changed = await updateUrl(tx, id, columns)
        const records = changes.map(({ field, new_value }) => ({
          urlId: id,
          userId: old.userId,
          eventType: 'updated',
          details: { field, new_value }
        }))
        await record(tx, records)
        const fields = changes.map(({ field }) => field)
        const [before, after] = [pick(valuesOf(old), fields), pick(valuesOf(changed), fields)]
        await audit(tx, [{ action: 'updated', resource: 'url', id, before, after }])
        return [old, changed]
      })
      if (before !== after) await forget([after])
      return { before, after }
    },

    async remove(caller, id, reason) {
      const row = await database.transaction(async (tx) => {
        const old = await lockUrl(tx, id, ownerFilterOf(caller))
        if (!old) throw urlUnknown(id)
        await record(tx, [{ urlId: id, userId: old.userId, eventType: 'deleted', details: { reason } }])
        await audit(tx, [{ action: 'deleted', resource: 'url', id, before: valuesOf(old) }])
        return updateUrl(tx, id, { deletedAt: new Date() })
      })
      await forget([row])
    },

    findByCode: batchLoad(findByCodes)
  }

  /** In the transaction that deletes a user: its urls lose their owner, or with `cascade` are deleted too. */
  async function onUserDeleted(tx: Executor, user: { id: number; cascade: boolean; isErased: boolean }) {
    // Those that were its own until it was deleted, when it is erased after that.
    const formerIds = user.isErased ? (await findOwned(tx, 'url', user.id)).map(Number) : []
    const of = { userId: user.id, formerIds }
    if (user.cascade) {
      const deleted = await deleteUrlsOfUser(tx, of)
      const details = { reason: 'user_deleted' }
      await record(
        tx,
        deleted.map((row) => ({ urlId: row.id, userId: user.id, eventType: 'deleted', details }))
      )
      await audit(
        tx,
        deleted.map((row) => ({ action: 'deleted', resource: 'url', id: row.id, before: valuesOf(row) }))
      )
    }
    const disowned = await disownUrls(tx, of, user.isErased ? ERASED : {})
    const [before, after] = [{ user_id: user.id }, { user_id: null }]
    await audit(
      tx,
      disowned.map(({ id }) => ({ action: 'updated', resource: 'url', id, before, after }))
    )
    if (user.isErased) await erase(tx, user.id, disowned)
    return () => forget(disowned)
  }

  return { service, onUserDeleted }
}
