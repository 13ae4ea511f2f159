import type { Role } from '#schema/shapes/key.ts'
import type { ActiveSession } from '#schema/shapes/session.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { SessionRow } from '#schema/tables/sessions.ts'

/** A session with the name and role of its key, if a key began it. */
export type ListedSession = Pick<
  SessionRow,
  'id' | 'keyId' | 'userId' | 'createdAt' | 'lastSeenAt' | 'expiresAt'
> & { name: string | null; role: string }

/** When a session ends at the latest, and when without further requests. */
export function presentEnd(
  { lastSeenAt, expiresAt }: Pick<SessionRow, 'lastSeenAt' | 'expiresAt'>,
  idleMs: number
) {
  const idleEnd = new Date(Math.min(lastSeenAt.getTime() + idleMs, expiresAt.getTime()))
  return { expires_at: wireTime(expiresAt), idle_expires_at: wireTime(idleEnd) }
}

/** `currentId` is the session of the request. */
export function presentListed(row: ListedSession, idleMs: number, currentId: string | null): ActiveSession {
  return {
    id: row.id,
    name: row.name,
    role: row.role as Role,
    user_id: row.userId,
    key_id: row.keyId,
    created_at: wireTime(row.createdAt),
    last_seen_at: wireTime(row.lastSeenAt),
    ...presentEnd(row, idleMs),
    is_current: row.id === currentId
  }
}
