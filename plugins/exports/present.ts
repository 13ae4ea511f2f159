import type { AuditEntry } from '#schema/shapes/audit.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { ExportedSession } from '#schema/shapes/user-export.ts'
import type { SessionRow } from '#schema/tables/sessions.ts'

/** What an export shows otherwise than other answers do. */

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

/** A change, for the user with this id: of another author only the kind is shown. */
export function hideAuthor(userId: number, entry: AuditEntry): AuditEntry {
  if (entry.actor.user_id === userId) return entry
  return { ...entry, actor: { kind: entry.actor.kind, key_id: null, user_id: null, name: null } }
}
