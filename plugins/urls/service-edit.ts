import { ownerFilterOf } from '#platform/access/caller.ts'
import { ProblemError } from '#platform/problem/problem.ts'
import { urlUnknown } from './errors.ts'
import type { UrlService } from './service.ts'
import type { UrlBulk } from './service-bulk.ts'
import { type Replaced, valuesOf } from './service-changes.ts'
import type { Parts } from './service-parts.ts'
import { lockUrls, updateUrls } from './store-bulk.ts'

/** Changes of one link: those of many, and restoring. */
export function createEdits(
  { database, events, audit, forgetAfterCommit }: Parts,
  bulk: UrlBulk
): Pick<UrlService, 'change' | 'remove' | 'restore'> {
  const { db } = database
  return {
    async change(caller, id, change, context = {}) {
      const { precondition } = context
      return theOnly(await bulk.changeAll(caller, [{ id, change, precondition }], context))
    },

    async remove(caller, id, reason, { precondition } = {}) {
      theOnly(await bulk.removeAll(caller, [{ id, precondition }], reason))
    },

    async restore(caller, id, { precondition } = {}) {
      return database.transaction(async () => {
        const [old] = await lockUrls(db, [id], ownerFilterOf(caller), 'deleted too')
        if (!old) throw urlUnknown(id)
        if (old.deletedAt === null) return old
        precondition?.(old.version)
        // The unique key of codes includes deleted urls, so the code is still its own.
        const [restored = old] = await updateUrls(db, [{ ...old, deletedAt: null }])
        const details = { short_code: old.shortCode }
        await events.record([{ urlId: id, userId: old.userId, eventType: 'restored', details }])
        await audit.record([{ action: 'restored', resource: 'url', id, after: valuesOf(restored) }])
        await forgetAfterCommit([restored])
        return restored
      })
    }
  }
}

function theOnly([result]: (Replaced | ProblemError)[]): Replaced {
  if (result === undefined || result instanceof ProblemError) throw result
  return result
}
