import { ownerFilterOf } from '#platform/access/caller.ts'
import { urlUnknown } from './errors.ts'
import type { UrlColumns } from './fields.ts'
import type { UrlService } from './service.ts'
import { differences, pick, valuesOf } from './service-changes.ts'
import type { Parts } from './service-parts.ts'
import { lockUrl, updateUrl } from './store.ts'

/** Changes of a link. Each locks its row. */
export function createEdits({
  database,
  events,
  audit,
  forgetAfterCommit,
  refuseTarget
}: Parts): Pick<UrlService, 'change' | 'remove' | 'restore'> {
  const { db } = database
  return {
    async change(caller, id, change, { here, precondition } = {}) {
      return database.transaction(async () => {
        const old = await lockUrl(db, id, ownerFilterOf(caller))
        if (!old) throw urlUnknown(id)
        const changes = differences(old, change)
        // RFC 9110, section 13.1.1: such a change may be one that succeeded before and is repeated.
        if (changes.length === 0) return { before: old, after: old }
        const columns = Object.assign({}, ...changes.map(({ columns }) => columns)) as UrlColumns
        // An unchanged target is not checked; an import may have brought it.
        if (columns.originalUrl !== undefined) refuseTarget(columns.originalUrl, 'original_url', here)
        precondition?.(old.version)
        const changed = await updateUrl(db, id, columns)
        const records = changes.map(({ field, new_value }) => ({
          urlId: id,
          userId: old.userId,
          eventType: 'updated',
          details: { field, new_value }
        }))
        await events.record(records)
        const fields = changes.map(({ field }) => field)
        const [before, after] = [pick(valuesOf(old), fields), pick(valuesOf(changed), fields)]
        await audit.record([{ action: 'updated', resource: 'url', id, before, after }])
        await forgetAfterCommit([changed])
        return { before: old, after: changed }
      })
    },

    async remove(caller, id, reason, { precondition } = {}) {
      await database.transaction(async () => {
        const old = await lockUrl(db, id, ownerFilterOf(caller))
        if (!old) throw urlUnknown(id)
        precondition?.(old.version)
        await events.record([{ urlId: id, userId: old.userId, eventType: 'deleted', details: { reason } }])
        await audit.record([{ action: 'deleted', resource: 'url', id, before: valuesOf(old) }])
        await forgetAfterCommit([await updateUrl(db, id, { deletedAt: new Date() })])
      })
    },

    async restore(caller, id, { precondition } = {}) {
      return database.transaction(async () => {
        const old = await lockUrl(db, id, ownerFilterOf(caller), 'deleted too')
        if (!old) throw urlUnknown(id)
        if (old.deletedAt === null) return old
        precondition?.(old.version)
        // The unique key of codes includes deleted urls, so the code is still its own.
        const restored = await updateUrl(db, id, { deletedAt: null })
        const details = { short_code: old.shortCode }
        await events.record([{ urlId: id, userId: old.userId, eventType: 'restored', details }])
        await audit.record([{ action: 'restored', resource: 'url', id, after: valuesOf(restored) }])
        await forgetAfterCommit([restored])
        return restored
      })
    }
  }
}
