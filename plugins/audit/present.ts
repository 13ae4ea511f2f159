import type { AuditEntry } from '#schema/shapes/audit.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { AuditRow } from '#schema/tables/audit-log.ts'

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
