import type { Caller } from '#platform/access/caller.ts'
import { notAllowed } from '#platform/access/errors.ts'
import type { Database } from '#platform/database/index.ts'
import type { RecordChanges } from '#plugins/audit/contract.ts'
import { type Page, pageWindow } from '#schema/shapes/page.ts'
import type { ActiveSession, SessionQuery } from '#schema/shapes/session.ts'
import { isTrue } from '#schema/shapes/text.ts'
import { sessionUnknown } from './errors.ts'
import { presentListed } from './present.ts'
import { deleteOwned, listSessions, type SessionOwner } from './store-list.ts'

/** Sessions as their owners and administrators see them. */
export interface SessionList {
  /** Lists the caller's active sessions, the last used first; with `all` those of all callers. */
  list(caller: Caller, query: SessionQuery): Promise<Page<ActiveSession>>
  /** Ends a session, and returns whether it is the caller's current one. Throws SESSION_UNKNOWN. */
  end(caller: Caller, id: string): Promise<{ isCurrent: boolean }>
  /** Ends all sessions of the caller but its current one. */
  endOthers(caller: Caller): Promise<void>
}

export interface SessionListCollaborators {
  audit: RecordChanges
  /** The id of a caller's session; null without one. */
  idOf(caller: Caller): string | null
}

/** Permits the sessions of others: it permits to revoke their keys too. */
const SCOPE_FOR_OTHERS = 'keys:admin'

/**
 * The sessions that belong to a caller. A key has those that began with it, however little its scopes permit;
 * so it can't end those of its user's other keys. A user who signed in at the provider has all of the user.
 */
function ownOf({ keyId, userId }: Caller): SessionOwner {
  if (keyId !== null) return { keyId }
  return userId === null ? 'none' : { userId }
}

export function createSessionList(
  database: Database,
  { audit, idOf }: SessionListCollaborators,
  idleMs: number
): SessionList {
  const { db } = database
  const changesOf = (action: 'signed-out' | 'revoked', ids: readonly string[]) =>
    ids.map((id) => ({ action, resource: 'session', id }))

  return {
    async list(caller, query) {
      const isAll = query.all !== undefined && isTrue(query.all)
      if (isAll && !caller.scopes.has(SCOPE_FOR_OTHERS)) throw notAllowed(SCOPE_FOR_OTHERS)
      const { page, perPage } = pageWindow(query)
      const owner = isAll ? 'all' : ownOf(caller)
      const { rows, total } = await listSessions(db, owner, idleMs, {
        limit: perPage,
        skip: (page - 1) * perPage
      })
      return { rows: rows.map((row) => presentListed(row, idleMs, idOf(caller))), total }
    },

    async end(caller, id) {
      await database.transaction(async () => {
        const own = await deleteOwned(db, ownOf(caller), { only: id })
        if (own.length > 0) return audit(changesOf('signed-out', own))
        if (!caller.scopes.has(SCOPE_FOR_OTHERS)) throw sessionUnknown(id)
        const others = await deleteOwned(db, 'all', { only: id })
        if (others.length === 0) throw sessionUnknown(id)
        return audit(changesOf('revoked', others))
      })
      return { isCurrent: id === idOf(caller) }
    },

    endOthers: (caller) =>
      database.transaction(async () => {
        const ended = await deleteOwned(db, ownOf(caller), { except: idOf(caller) })
        if (ended.length > 0) await audit(changesOf('signed-out', ended))
      })
  }
}
