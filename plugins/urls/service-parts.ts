import type { OwnerFilter } from '#platform/access/caller.ts'
import type { Cache } from '#platform/cache/index.ts'
import type { Database, SqlPart } from '#platform/database/index.ts'
import type { FindOwned, Insertion, ListChanges, RecordChanges } from '#plugins/audit/contract.ts'
import type { Click } from '#plugins/clicks/contract.ts'
import type { StoredWithin } from '#plugins/events/contract.ts'
import { encodeLinkKey, type LinkKey } from '#schema/link-key.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import type { BlockedHosts } from './blocked.ts'
import type { Codes } from './codes.ts'
import { targetRefused } from './errors.ts'
import { createPasswords, type Passwords } from './passwords.ts'
import { codesOf } from './service-codes.ts'
import { ROWS } from './service-rows.ts'

/** What the parts of the service share. */

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
    storeWithin(clicks: readonly Click[], left: ReadonlyMap<number, number>): Promise<StoredWithin>
  }
  audit: { record: RecordChanges; insertion: Insertion; findOwned: FindOwned; list: ListChanges }
  blocklist: BlockedHosts
  outbox: {
    add(message: { topic: string; aggregate: string; payload: { id: number } }): Promise<void>
    consumes(topic: string): boolean
  }
  /** Removes what the user entered from the events and audit entries of these urls. */
  erase(userId: number, rows: UrlRow[]): Promise<void>
  /** Returns why a target is refused, or null. `here` as in {@link TargetContext}. */
  checkTarget(target: string, here?: string): string | null
}

/** The cache in which redirects keep {@link LinkTarget}s by encoded key. */
export const LINKS = 'links'

/** A code with the version of its link. */
export interface VersionedKey extends LinkKey {
  version: number
}

/** The tools of the writes. */
export interface Parts extends UrlCollaborators {
  database: Database
  passwords: Passwords
  codes: Codes
  /**
   * Invalidates the cache entries of these rows and of `formerCodes`, which are no longer theirs, once the
   * transaction is committed.
   */
  forgetAfterCommit(rows: UrlRow[], formerCodes?: VersionedKey[]): Promise<void>
  /** Throws URL_TARGET_REFUSED, which blames the field `path`. */
  refuseTarget(target: string, path: string, here: string | undefined): void
}

export function createParts(
  database: Database,
  cache: Pick<Cache, 'invalidate'>,
  collaborators: UrlCollaborators,
  codes: Codes
): Parts {
  const keysOf = (row: UrlRow) =>
    codesOf(row).map((code) => ({ domain: row.domain, code, version: row.version }))
  return {
    ...collaborators,
    database,
    passwords: createPasswords(),
    codes,
    async forgetAfterCommit(rows, formerCodes = []) {
      const links = [...rows.flatMap(keysOf), ...formerCodes].map(({ domain, code, version }) => ({
        key: encodeLinkKey({ domain, code: codes.keyOf(code) }),
        version
      }))
      const byId = rows.map(({ id, version }) => ({ key: String(id), version }))
      await database.afterCommit(() =>
        Promise.all([cache.invalidate(LINKS, links), cache.invalidate(ROWS, byId)])
      )
    },
    refuseTarget(target, path, here) {
      const verdict = collaborators.checkTarget(target, here)
      if (verdict !== null) throw targetRefused(path, verdict)
    }
  }
}
