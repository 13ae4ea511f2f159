import { type Caller, isWithin, ownerFilterOf, ownerOf } from '#platform/access/caller.ts'
import type { UrlDraft } from '#schema/shapes/url.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { createCandidates, isReservedCode, type RandomSource } from './codes.ts'
import { codeReserved, codesExhausted, codeTaken } from './errors.ts'
import { targetsOf } from './fields.ts'
import type { UrlService } from './service.ts'
import { columnsOf, valuesOf } from './service-changes.ts'
import type { Parts } from './service-parts.ts'
import { createInsertion } from './store-create.ts'
import { writePasswords } from './store-passwords.ts'
import { blame } from './targets.ts'

/** Creation of links. */

export interface UrlServiceOptions {
  codeLength: number
  random?: RandomSource
}

export function createCreation(
  { database, users, events, audit, outbox, passwords, forgetAfterCommit, refuseTarget }: Parts,
  { codeLength, random }: UrlServiceOptions
): Pick<UrlService, 'prepare'> {
  const { db } = database
  const insertUrl = createInsertion({ users, events, audit })

  async function insert(caller: Caller, draft: UrlDraft, hash: string | null): Promise<UrlRow> {
    const ownerFilter = ownerFilterOf(caller)
    const userId = ownerOf(ownerFilter, draft.user_id)
    const { shortCode: chosen, ...values } = { ...columnsOf(draft), userId }
    const candidates = () => (chosen === null ? createCandidates(codeLength, random) : [chosen])
    const ownerId = userId === null ? undefined : isWithin(ownerFilter, userId) ? userId : null
    const audited = valuesOf({ ...values, shortCode: '' })
    let row: UrlRow | null = null
    // A concurrent creation may take the same code or create the owner. The next attempt sees it.
    for (let left = chosen === null ? 3 : 2; left > 0 && !row; left--) {
      row = await insertUrl(db, { values, codes: candidates(), ownerId, audited })
      if (row === null && userId !== null) await users.lockForShare(userId, ownerFilter)
    }
    if (!row) throw chosen === null ? codesExhausted() : codeTaken(chosen)
    if (hash !== null) await writePasswords(db, [{ urlId: row.id, hash }])
    if (row.title === null)
      await outbox.add({ topic: 'url.untitled', aggregate: String(row.id), payload: { id: row.id } })
    // Redirects may have cached this code as unknown.
    await forgetAfterCommit([row])
    return row
  }

  return {
    async prepare(caller, draft, { blamed, here } = {}) {
      for (const { name, url } of targetsOf(draft)) refuseTarget(url, blame(name, blamed), here)
      if (draft.short_code && isReservedCode(draft.short_code)) throw codeReserved(draft.short_code)
      const hash = draft.password ? await passwords.hash(draft.password) : null
      return () => database.transaction(() => insert(caller, draft, hash))
    }
  }
}
