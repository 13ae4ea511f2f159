import { type Caller, type OwnerFilter, onlyOwnerOf, ownerFilterOf } from '#platform/access/caller.ts'
import type { Cache } from '#platform/cache/index.ts'
import type { Database } from '#platform/database/index.ts'
import type { JsonPage, SortedPage } from '#platform/database/json-list.ts'
import type { Precondition } from '#platform/http/conditional.ts'
import type { Click } from '#plugins/clicks/contract.ts'
import type { UrlChange, UrlDraft } from '#schema/shapes/url.ts'
import type { HistoryQuery, UrlHistoryEntry } from '#schema/shapes/url-history.ts'
import type { UrlQuery } from '#schema/shapes/url-query.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { readWithBlocks } from './blocked.ts'
import type { Codes } from './codes.ts'
import type { LinkTarget, VisitOutcome } from './contract.ts'
import { urlUnknown } from './errors.ts'
import { type PublicFacts, presentFacts } from './present.ts'
import { createBulk, type UrlBulk } from './service-bulk.ts'
import type { Replaced } from './service-changes.ts'
import { createCreation, type Prepared } from './service-create.ts'
import { createDisowning } from './service-disown.ts'
import { createEdits } from './service-edit.ts'
import { createHistory } from './service-history.ts'
import { createParts, type UrlCollaborators } from './service-parts.ts'
import { createPasswordCheck } from './service-passwords.ts'
import { openRows, ROWS } from './service-rows.ts'
import { createLinkTags, type LinkTags } from './service-tags.ts'
import { createTargetLookup } from './service-targets.ts'
import { createVisits } from './service-visits.ts'
import { findUrls } from './store.ts'
import { openUrlList } from './store-list.ts'
import type { TargetContext } from './targets.ts'

/**
 * `app.urls`: links and their codes. Without access to all links, a caller sees its own; others are unknown
 * to it. Each change writes its events in the same transaction.
 */
export interface UrlService extends UrlBulk {
  /** `base` is the public address of the server, without a trailing slash. */
  list(caller: Caller, query: UrlQuery, base: string): Promise<JsonPage | SortedPage>
  /** The number of urls that the caller sees. */
  count(caller: Caller): Promise<number>
  /** Returns the url from the cache, which is invalidated like that of redirects. Throws URL_UNKNOWN. */
  get(caller: Caller, id: number): Promise<UrlRow>
  /** Returns the url from the database. Throws URL_UNKNOWN. */
  getCurrent(caller: Caller, id: number): Promise<UrlRow>
  /**
   * Checks a draft and returns the function that creates the url, or finds it (`find_if_exists`). The check
   * may wait for a name server, so it runs before any transaction; the function may run in one. Throws
   * URL_CODE_RESERVED, and URL_TARGET_REFUSED, which blames the field `target.blamed`. The function throws
   * USER_UNKNOWN, URL_CODE_TAKEN, URL_CODES_EXHAUSTED.
   */
  prepare(caller: Caller, draft: UrlDraft, target?: TargetContext): Promise<() => Promise<Prepared>>
  /**
   * Changes the fields that differ, with an `updated` event for each. Returns the row before and after. If no
   * field differs, the precondition does not apply. Throws URL_UNKNOWN, URL_TARGET_REFUSED, URL_CODE_TAKEN,
   * URL_CODE_RESERVED, URL_TRANSFER_REFUSED, USER_UNKNOWN, PRECONDITION_FAILED.
   */
  change(caller: Caller, id: number, change: UrlChange, context?: ChangeContext): Promise<Replaced>
  /**
   * Marks the url deleted; row, code and events remain. `reason` goes into the event. Throws URL_UNKNOWN,
   * PRECONDITION_FAILED.
   */
  remove(caller: Caller, id: number, reason: string, context?: ChangeContext): Promise<void>
  /**
   * Takes the deletion back, with a `restored` event. Returns the row, unchanged if it was not deleted.
   * Throws URL_UNKNOWN, PRECONDITION_FAILED.
   */
  restore(caller: Caller, id: number, context?: ChangeContext): Promise<UrlRow>
  /** Returns changes of a url, even if it is deleted, newest first. Throws URL_UNKNOWN. */
  history(
    caller: Caller,
    id: number,
    query: HistoryQuery
  ): Promise<{ entries: UrlHistoryEntry[]; hasMore: boolean }>
  /**
   * Returns the link of an encoded {@link LinkKey}, even if deleted, or null. Its code is that of
   * {@link Codes.keyOf}. One prepared query per batch;
   * callers cache.
   */
  findByKey(key: string): Promise<LinkTarget | null>
  /** Returns the secret that proofs of passwords are signed with: the same in all replicas. */
  passwordSecret(): Promise<string>
  /** Returns what anyone may see of a link that leads to `target`, from the cache; null if it is unknown. */
  describe(id: number, target: string): Promise<PublicFacts | null>
  /**
   * True if `password` is that of the link, in its `version`. `onTurn` as in {@link Passwords.verify}. Throws
   * PASSWORDS_BUSY.
   */
  checkPassword(
    guess: { urlId: number; version: number; password: string },
    onTurn: () => void
  ): Promise<boolean>
  /**
   * Stores clicks of links with a limit, in order, while the links have visits left. Resolves after the
   * commit with what became of each. A click that was stored before is given again and uses nothing.
   */
  spendVisits(clicks: readonly Click[]): Promise<VisitOutcome[]>
  tags: LinkTags
}

/** Conditions of a change. */
export interface ChangeContext extends TargetContext {
  precondition?: Precondition | undefined
}

export function createUrlService(
  database: Database,
  cache: Pick<Cache, 'changes' | 'invalidate' | 'open'>,
  collaborators: UrlCollaborators,
  codes: Codes
) {
  const { db } = database
  const parts = createParts(database, cache, collaborators, codes)
  const bulk = createBulk(parts)
  const list = openUrlList(codes, () => cache.changes(ROWS))
  const findRow = openRows(database, cache)

  /** Returns the row unless it is deleted or the filter excludes it. Throws URL_UNKNOWN. */
  function checkRow(row: UrlRow | null | undefined, id: number, ownerFilter: OwnerFilter): UrlRow {
    const isKnown = row && row.deletedAt === null && (ownerFilter === 'all' || row.userId === ownerFilter)
    if (!isKnown) throw urlUnknown(id)
    return row
  }

  async function readCurrent(id: number): Promise<UrlRow | undefined> {
    const [row] = await findUrls(db, [id])
    return row
  }

  const service: UrlService = {
    list: (caller, query, base) =>
      readWithBlocks(parts.blocklist, query, (narrowed) =>
        list.read(database.readStale, narrowed, { owner: onlyOwnerOf(caller), extra: { base } })
      ),

    count: (caller) => list.count(database.readStale, onlyOwnerOf(caller)),

    async get(caller, id) {
      const row = await findRow(id)
      // Visits use up a limit without a new version.
      const current = row === null || row.maxVisits === null ? row : await readCurrent(id)
      return checkRow(current, id, ownerFilterOf(caller))
    },

    async getCurrent(caller, id) {
      return checkRow(await readCurrent(id), id, ownerFilterOf(caller))
    },

    ...createCreation(parts),
    ...bulk,
    ...createEdits(parts, bulk),
    ...createHistory(parts, findRow),
    ...createVisits(parts),
    ...createPasswordCheck(parts),
    findByKey: createTargetLookup(database, codes),

    async describe(id, target) {
      const row = await findRow(id)
      return row && presentFacts(row, target)
    },

    tags: createLinkTags(parts)
  }

  return { service, onUserDeleted: createDisowning(parts) }
}
