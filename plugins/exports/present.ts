import { presentChange, presentStoredUrl, presentTime } from '#platform/http/present-rows.ts'
import type { AuditEntry } from '#schema/shapes/audit.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { ExportedSession, ExportedUrl } from '#schema/shapes/user-export.ts'
import type { AuditRow } from '#schema/tables/audit-log.ts'
import type { SessionRow } from '#schema/tables/sessions.ts'
import type { UrlRow } from '#schema/tables/urls.ts'

/** What an export shows beyond, or short of, what everybody else does. */

export function presentUrl(row: UrlRow): Omit<ExportedUrl, 'statistics' | 'events' | 'audit'> {
  return { ...presentStoredUrl(row), deleted_at: presentTime(row.deletedAt) }
}

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

/** A change, for the user with this id: of whoever else made it only the kind is shown. */
export function presentChangeFor(userId: number, row: AuditRow): AuditEntry {
  const entry = presentChange(row)
  if (row.actorUserId === userId) return entry
  return { ...entry, actor: { kind: row.actorKind, key_id: null, user_id: null, name: null } }
}
