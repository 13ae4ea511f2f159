import { lt, sql } from 'drizzle-orm'
import { equals, period } from '#platform/lists/filter.ts'
import { defineList } from '#platform/lists/list.ts'
import type { Sort } from '#platform/lists/sorted.ts'
import { type AUDIT_SORTS, AuditQuery } from '#schema/shapes/audit.ts'
import { auditLog } from '#schema/tables/audit-log.ts'

// Ids follow the order of the changes; retention deletes by them too.
const sorts: Record<(typeof AUDIT_SORTS)[number], Sort> = { id: { by: auditLog.id, type: 'bigint' } }

export const openAuditList = defineList({
  name: 'audit',
  query: AuditQuery,
  table: auditLog,
  id: auditLog.id,
  sorts,
  defaultSort: '-id',
  comparisons: {
    action: equals(auditLog.action),
    resource: equals(auditLog.resource),
    resource_id: equals(auditLog.resourceId),
    user_id: equals(auditLog.actorUserId),
    key_id: equals(auditLog.actorKeyId),
    request_id: equals(auditLog.requestId),
    before: { compare: (value) => lt(auditLog.id, value) },
    ...period(auditLog.at, 'since', 'until')
  },
  // As in presentChange.
  members: {
    id: auditLog.id,
    timestamp: auditLog.at,
    actor: sql`json_build_object('kind', ${auditLog.actorKind}, 'key_id', ${auditLog.actorKeyId},
      'user_id', ${auditLog.actorUserId}, 'name', ${auditLog.actorName})`,
    action: auditLog.action,
    resource: auditLog.resource,
    resource_id: auditLog.resourceId,
    before: auditLog.before,
    after: auditLog.after,
    request_id: auditLog.requestId
  }
})
