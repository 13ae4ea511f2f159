import { ERASED, valuesOf } from './service-changes.ts'
import type { Parts } from './service-parts.ts'
import { deleteUrlsOfUser, disownUrls } from './store.ts'
import { writePasswords } from './store-passwords.ts'

/**
 * Creates the listener of `app.users.onDelete`. It runs in the transaction that deletes a user. The urls of
 * the user lose their owner; `cascade` deletes them too.
 */
export function createDisowning({ database, events, audit, erase, forgetAfterCommit }: Parts) {
  const { db } = database
  return async function onUserDeleted(user: { id: number; cascade: boolean; isErased: boolean }) {
    // An erasure after the deletion also covers the urls that the user owned before.
    const formerIds = user.isErased ? (await audit.findOwned('url', user.id)).map(Number) : []
    const of = { userId: user.id, formerIds }
    if (user.cascade) {
      const deleted = await deleteUrlsOfUser(db, of)
      const details = { reason: 'user_deleted' }
      await events.record(
        deleted.map((row) => ({ urlId: row.id, userId: user.id, eventType: 'deleted', details }))
      )
      await audit.record(
        deleted.map((row) => ({ action: 'deleted', resource: 'url', id: row.id, before: valuesOf(row) }))
      )
    }
    const disowned = await disownUrls(db, of, user.isErased ? ERASED : {})
    const [before, after] = [{ user_id: user.id }, { user_id: null }]
    await audit.record(disowned.map(({ id }) => ({ action: 'updated', resource: 'url', id, before, after })))
    if (user.isErased) {
      await writePasswords(
        db,
        disowned.map(({ id }) => ({ urlId: id, hash: null }))
      )
      await erase(user.id, disowned)
    }
    await forgetAfterCommit(disowned)
  }
}
