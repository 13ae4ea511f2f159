import { scopesOf } from '#platform/access/caller.ts'
import type { AuditEntry } from '#schema/shapes/audit.ts'
import type { Event } from '#schema/shapes/event.ts'
import type { Key, Role } from '#schema/shapes/key.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { ExportedSession, ExportedUrl } from '#schema/shapes/user-export.ts'
import type { ApiKeyRow } from '#schema/tables/api-keys.ts'
import type { AuditRow } from '#schema/tables/audit-log.ts'
import type { EventRow } from '#schema/tables/events.ts'
import type { SessionRow } from '#schema/tables/sessions.ts'
import type { UrlRow } from '#schema/tables/urls.ts'

/** What an export shows of each kind of thing. */

const timeOf = (at: Date | null) => at && wireTime(at)

export function presentUrl(row: UrlRow): Omit<ExportedUrl, 'statistics' | 'events' | 'audit'> {
  return {
    id: row.id,
    user_id: row.userId,
    short_code: row.shortCode,
    original_url: row.originalUrl,
    title: row.title,
    is_active: row.isActive,
    created_at: wireTime(row.createdAt),
    updated_at: wireTime(row.updatedAt),
    expires_at: timeOf(row.expiresAt),
    deleted_at: timeOf(row.deletedAt)
  }
}

export function presentEvent(row: EventRow): Event {
  return {
    id: row.id,
    url_id: row.urlId,
    user_id: row.userId,
    event_type: row.eventType,
    timestamp: wireTime(row.timestamp),
    details: row.details
  }
}

export function presentKey(row: Omit<ApiKeyRow, 'secretHash' | 'version'>): Key {
  const role = row.role as Role
  return {
    id: row.publicId,
    name: row.name,
    role,
    scopes: [...scopesOf(role, row.scopes)],
    user_id: row.userId,
    created_at: wireTime(row.createdAt),
    expires_at: timeOf(row.expiresAt),
    revoked_at: timeOf(row.revokedAt),
    last_used_at: timeOf(row.lastUsedAt)
  }
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
export function presentChange(row: AuditRow, userId: number): AuditEntry {
  const isOwn = row.actorUserId === userId
  return {
    id: row.id,
    timestamp: wireTime(row.at),
    actor: {
      kind: row.actorKind,
      key_id: isOwn ? row.actorKeyId : null,
      user_id: isOwn ? row.actorUserId : null,
      name: isOwn ? row.actorName : null
    },
    action: row.action,
    resource: row.resource,
    resource_id: row.resourceId,
    before: row.before,
    after: row.after,
    request_id: row.requestId
  }
}
