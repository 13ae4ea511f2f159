import { type Caller, isWithin, ownerFilterOf, ownerOf } from '#platform/access/caller.ts'
import type { UrlDraft } from '#schema/shapes/url.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { codeReserved, codesExhausted, codeTaken, findsNoPassword } from './errors.ts'
import { targetsOf } from './fields.ts'
import type { UrlService } from './service.ts'
import { columnsOf, differences, valuesOf } from './service-changes.ts'
import { aliasesBeyond, distinctAliases, hasCodes, openClaims, wantedCodes } from './service-codes.ts'
import type { Parts } from './service-parts.ts'
import { insertAliases } from './store-codes.ts'
import { createInsertion } from './store-create.ts'
import { findByTarget } from './store-find.ts'
import { writePasswords } from './store-passwords.ts'
import { blame } from './targets.ts'

/** Creation of links. */

/** The topic of links without a title. */
const UNTITLED = 'url.untitled'

/** A link that a request created, or that it found. */
export interface Prepared {
  row: UrlRow
  isFound: boolean
}

export function createCreation({
  database,
  users,
  events,
  audit,
  outbox,
  passwords,
  codes,
  forgetAfterCommit,
  refuseTarget
}: Parts): Pick<UrlService, 'prepare'> {
  const { db } = database
  const insertUrl = createInsertion({ users, events, audit }, codes)

  async function insert(caller: Caller, draft: UrlDraft, hash: string | null): Promise<UrlRow> {
    const ownerFilter = ownerFilterOf(caller)
    const userId = ownerOf(ownerFilter, draft.user_id)
    const { shortCode: chosen, ...values } = { ...columnsOf(draft), userId }
    values.aliases = distinctAliases(values.aliases, chosen ?? '', codes)
    if (values.aliases.length > 0) {
      const wanted = wantedCodes(draft)
      const claims = await openClaims(db, codes, wanted)
      claims.check(null, wanted)
    }
    const candidates = () => (chosen === null ? codes.createCandidates(draft.code_length) : [chosen])
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
    if (row.aliases.length > 0) await insertAliases(db, aliasesBeyond(row, { aliases: [] }, codes))
    if (row.title === null)
      await outbox.add({ topic: UNTITLED, aggregate: String(row.id), payload: { id: row.id } })
    // Redirects may have cached this code as unknown.
    await forgetAfterCommit([row])
    return row
  }

  /** True if the statement that inserts the link is the only one. */
  function isOneStatement({ find_if_exists, password, aliases, title = null }: UrlDraft): boolean {
    const isTitled = title !== null || !outbox.consumes(UNTITLED)
    return isTitled && !find_if_exists && !password && !aliases?.length
  }

  /** Returns the oldest link that a request with `find_if_exists` describes, or null. */
  async function findSame(caller: Caller, draft: UrlDraft): Promise<UrlRow | null> {
    const ownerFilter = ownerFilterOf(caller)
    const userId = ownerOf(ownerFilter, draft.user_id)
    if (userId !== null && !isWithin(ownerFilter, userId)) return null
    const found = await findByTarget(db, { originalUrl: draft.original_url, userId })
    const { user_id: _, short_code: __, aliases: ___, ...wanted } = draft
    const isSame = (row: UrlRow) =>
      row.passwordVersion === null && hasCodes(row, draft, codes) && differences(row, wanted).length === 0
    return found.find(isSame) ?? null
  }

  return {
    async prepare(caller, draft, { blamed, here } = {}) {
      if (draft.find_if_exists && draft.password) throw findsNoPassword()
      for (const { name, url } of targetsOf(draft)) refuseTarget(url, blame(name, blamed), here)
      for (const { code, path } of wantedCodes(draft))
        if (codes.isReserved(code)) throw codeReserved(code, path)
      const hash = draft.password ? await passwords.hash(draft.password) : null
      const run = isOneStatement(draft) ? database.statement : database.transaction
      return () =>
        run(async () => {
          const found = draft.find_if_exists ? await findSame(caller, draft) : null
          return found === null
            ? { row: await insert(caller, draft, hash), isFound: false }
            : { row: found, isFound: true }
        })
    }
  }
}
