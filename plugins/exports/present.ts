import type { AuditEntry } from '#schema/shapes/audit.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { ExportedSession } from '#schema/shapes/user-export.ts'
import type { SessionRow } from '#schema/tables/sessions.ts'

/** Shapes of an export that differ from those of other responses. */

export function presentSession(
  row: Pick<SessionRow, 'id' | 'createdAt' | 'lastSeenAt' | 'expiresAt'>
): ExportedSession {
  return {
    id: row.id,
    created_at: wireTime(row.createdAt),
    last_seen_at: wireTime(row.lastSeenAt),
    expires_at: wireTime(row.expiresAt)
  }
}

/** Hides the author of a change, except its kind, unless the author is the user with this id. */
export function hideAuthor(userId: number, entry: AuditEntry): AuditEntry {
  if (entry.actor.user_id === userId) return entry
  return { ...entry, actor: { kind: entry.actor.kind, key_id: null, user_id: null, name: null } }
}
