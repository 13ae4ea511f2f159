import { scopesOf } from '#platform/access/caller.ts'
import type { AuditEntry } from '#schema/shapes/audit.ts'
import type { Event } from '#schema/shapes/event.ts'
import type { Key, Role } from '#schema/shapes/key.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { Url } from '#schema/shapes/url.ts'
import type { ApiKeyRow } from '#schema/tables/api-keys.ts'
import type { AuditRow } from '#schema/tables/audit-log.ts'
import type { EventRow } from '#schema/tables/events.ts'
import type { UrlRow } from '#schema/tables/urls.ts'

/** How rows that more than one capability shows travel: as the contract has it, whoever sends them. */

/** A url without what depends on where people reach the server. */
export function presentStoredUrl(row: UrlRow): Omit<Url, 'short_url' | 'warnings'> {
  return {
    id: row.id,
    user_id: row.userId,
    short_code: row.shortCode,
    original_url: row.originalUrl,
    title: row.title,
    is_active: row.isActive,
    created_at: wireTime(row.createdAt),
    updated_at: wireTime(row.updatedAt),
    expires_at: presentTime(row.expiresAt)
  }
}

export function presentEvent({ id, urlId, userId, eventType, timestamp, details }: EventRow): Event {
  return {
    id,
    url_id: urlId,
    user_id: userId,
    event_type: eventType,
    timestamp: wireTime(timestamp),
    details
  }
}

/** A key as it may be shown: what proves it is not asked for. */
export function presentKey(row: Omit<ApiKeyRow, 'secretHash' | 'version'>): Key {
  const role = row.role as Role
  return {
    id: row.publicId,
    name: row.name,
    role,
    scopes: [...scopesOf(role, row.scopes)],
    user_id: row.userId,
    created_at: wireTime(row.createdAt),
    expires_at: presentTime(row.expiresAt),
    revoked_at: presentTime(row.revokedAt),
    last_used_at: presentTime(row.lastUsedAt)
  }
}

export function presentChange(row: AuditRow): AuditEntry {
  return {
    id: row.id,
    timestamp: wireTime(row.at),
    actor: { kind: row.actorKind, key_id: row.actorKeyId, user_id: row.actorUserId, name: row.actorName },
    action: row.action,
    resource: row.resource,
    resource_id: row.resourceId,
    before: row.before,
    after: row.after,
    request_id: row.requestId
  }
}

/** A time that may be missing. */
export function presentTime(at: Date | null): string | null {
  return at && wireTime(at)
}
