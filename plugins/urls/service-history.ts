import { type OwnerFilter, ownerFilterOf } from '#platform/access/caller.ts'
import type { AuditEntry } from '#schema/shapes/audit.ts'
import type { UrlHistoryEntry } from '#schema/shapes/url-history.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { urlUnknown } from './errors.ts'
import type { UrlService } from './service.ts'
import type { Parts } from './service-parts.ts'

/**
 * The history of a link is its part of the audit log: events have neither authors nor the values before, and
 * a link has millions of them.
 */
export function createHistory(
  { audit }: Parts,
  findRow: (id: number) => UrlRow | null | Promise<UrlRow | null>
): Pick<UrlService, 'history'> {
  return {
    async history(caller, id, { after, limit = 50 }) {
      const ownerFilter = ownerFilterOf(caller)
      const row = await findRow(id)
      if (!row || (ownerFilter !== 'all' && row.userId !== ownerFilter)) throw urlUnknown(id)
      const page = { per_page: limit, ...(after !== undefined && { before: after }) }
      const changes = await audit.list({ ...page, resource: 'url', resource_id: String(id) })
      const entries = JSON.parse(`[${changes.text}]`) as AuditEntry[]
      return {
        entries: entries.map((entry) => presentEntry(entry, ownerFilter)),
        hasMore: 'next' in changes && changes.next !== null
      }
    }
  }
}

/** Callers that may not see other users see no other authors either. */
function presentEntry(
  { id, timestamp, actor, action, before, after }: AuditEntry,
  ownerFilter: OwnerFilter
): UrlHistoryEntry {
  const { kind, user_id, name } = actor
  const isShown = ownerFilter === 'all' || user_id === ownerFilter
  const author = isShown ? { kind, user_id, name } : { kind, user_id: null, name: null }
  return { id, timestamp, actor: author, action, before, after }
}
