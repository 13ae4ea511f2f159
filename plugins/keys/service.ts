import { type Caller, type OwnerFilter, ownerFilterOf, scopesOf } from '#platform/access/caller.ts'
import { notAllowed } from '#platform/access/errors.ts'
import type { Cache } from '#platform/cache/index.ts'
import type { Database } from '#platform/database/index.ts'
import type { JsonPage, SortedPage } from '#platform/database/json-list.ts'
import { parseWireTime } from '#platform/http/wire-time.ts'
import type { EraseChanges, FindOwned, RecordChanges } from '#plugins/audit/contract.ts'
import type { IssuedKey, KeyDraft, KeyQuery, Role } from '#schema/shapes/key.ts'
import { isSorted } from '#schema/shapes/list.ts'
import { pageWindow } from '#schema/shapes/page.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { ApiKeyRow } from '#schema/tables/api-keys.ts'
import {
  expiryNotAhead,
  expiryPastMaker,
  keyOutlives,
  keyRevoked,
  keyUnknown,
  memberWithoutUser,
  scopeBeyondRole
} from './errors.ts'
import { presentKey } from './present.ts'
import { createKeyParts, formatKey, hashSecret, isSecret, parseKey } from './secret.ts'
import {
  findKey,
  insertKey,
  isAnyKeyGood,
  lockKey,
  type NewKey,
  replaceSecret,
  revokeKey,
  revokeKeysOfUser,
  storeLastUsed
} from './store.ts'
import { keyFilter, listKeys, readSortedKeys } from './store-list.ts'
import type { HeldKey } from './verifier.ts'

/**
 * `app.keys`: management of API keys. No key grants more than it has: a key can not create one with more
 * scopes, and a key that expires neither creates nor rotates one that lasts longer.
 */
export interface KeyService {
  /** Lists keys, by default the newest first, including revoked ones. */
  list(query: KeyQuery): Promise<JsonPage | SortedPage>
  /**
   * Creates a key. By default it expires with the caller's key. Throws INPUT_INVALID, USER_UNKNOWN,
   * SCOPE_MISSING.
   */
  create(caller: Caller, draft: KeyDraft): Promise<IssuedKey>
  /**
   * Replaces the secret of a key; the old one stops working. Throws KEY_UNKNOWN, KEY_REVOKED, SCOPE_MISSING,
   * KEY_OUTLIVES_CALLER.
   */
  rotate(caller: Caller, id: string): Promise<IssuedKey>
  /** Revokes the key on every replica; does nothing if it is already revoked. Throws KEY_UNKNOWN. */
  revoke(caller: Caller, id: string): Promise<void>
}

/** The cache of keys by public id. */
export const KEYS = 'keys'

/** The parts of `app.users` and `app.audit` that keys need. */
export interface KeyCollaborators {
  lockUserForShare(id: number, ownerFilter: OwnerFilter): Promise<void>
  audit: RecordChanges
  findOwned: FindOwned
  erase: EraseChanges
}

export function createKeyService(
  database: Database,
  cache: Pick<Cache, 'invalidate'>,
  { lockUserForShare, audit, findOwned, erase }: KeyCollaborators,
  now: () => number
) {
  const { db } = database
  const forgetAfterCommit = (rows: ApiKeyRow[]) => {
    const entries = rows.map(({ publicId: key, version }) => ({ key, version }))
    return database.afterCommit(() => cache.invalidate(KEYS, entries))
  }

  /** When the caller's key expires, or the key that began its session; null for never. */
  async function endOfCaller({ keyId }: Caller): Promise<Date | null> {
    return keyId === null ? null : ((await findKey(db, keyId))?.expiresAt ?? null)
  }

  async function insert(key: NewKey): Promise<ApiKeyRow | null> {
    const row = await insertKey(db, key)
    if (row !== null) {
      const { name, role, scopes, user_id, expires_at } = presentKey(row)
      const after = { name, role, scopes, user_id, expires_at }
      await audit([{ action: 'created', resource: 'key', id: key.publicId, after }])
    }
    return row
  }

  const service: KeyService = {
    async list(query) {
      const wanted = keyFilter.read(query)
      if (!isSorted(query)) return listKeys(db, wanted, pageWindow(query))
      const sorted = { ...query, sort: query.sort ?? '-created_at' }
      return readSortedKeys((work) => work(db), sorted, wanted, {})
    },

    async create(caller, draft) {
      const { name, role, scopes = null, user_id: userId = null } = draft
      const allowed = scopesOf(role)
      for (const scope of scopes ?? []) if (!allowed.has(scope)) throw scopeBeyondRole(scope, role)
      if (role === 'member' && userId === null) throw memberWithoutUser()
      refuseMore(caller, role, scopes)
      const wanted = readExpiry(draft.expires_at, now())
      const parts = createKeyParts()
      const row = await database.transaction(async () => {
        if (userId !== null) await lockUserForShare(userId, ownerFilterOf(caller))
        const secretHash = hashSecret(parts.secret)
        const end = await endOfCaller(caller)
        if (end !== null && wanted !== null && wanted > end) throw expiryPastMaker(wireTime(end))
        const expiresAt = wanted ?? end
        const key = { publicId: parts.publicId, secretHash, name, role, scopes, userId, expiresAt }
        return insert(key)
      })
      // A collision of 64 random bits means a broken source of randomness.
      if (row === null) throw new Error('A new key has the id of another')
      await forgetAfterCommit([row])
      return { ...presentKey(row), key: formatKey(parts) }
    },

    async rotate(caller, id) {
      const parts = createKeyParts(id)
      const row = await database.transaction(async () => {
        const old = await lockKey(db, id)
        if (old === null) throw keyUnknown(id)
        if (old.revokedAt !== null) throw keyRevoked(id)
        refuseMore(caller, old.role as Role, old.scopes)
        const end = await endOfCaller(caller)
        if (end !== null && (old.expiresAt === null || old.expiresAt > end)) throw keyOutlives(id)
        await audit([{ action: 'rotated', resource: 'key', id }])
        return replaceSecret(db, id, hashSecret(parts.secret))
      })
      await forgetAfterCommit([row])
      return { ...presentKey(row), key: formatKey(parts) }
    },

    async revoke(_caller, id) {
      const row = await database.transaction(async () => {
        const revoked = await revokeKey(db, id)
        if (revoked !== null) await audit([{ action: 'revoked', resource: 'key', id }])
        return revoked ?? findKey(db, id)
      })
      if (row === null) throw keyUnknown(id)
      await forgetAfterCommit([row])
    }
  }

  return {
    service,

    /** Reads the cache entry of a key. */
    async read(publicId: string): Promise<HeldKey | null> {
      const readAt = now()
      const row = await findKey(db, publicId)
      if (row === null) return null
      const { secretHash, name, role, scopes, userId, expiresAt, revokedAt, version } = row
      return {
        publicId,
        hash: secretHash.toString('base64'),
        name,
        role: role as Role,
        scopes,
        userId,
        expiresAt: expiresAt?.getTime() ?? null,
        isRevoked: revokedAt !== null,
        version,
        readAt
      }
    },

    /** Stores when keys were last used. */
    storeLastUsed: (lastUsed: readonly (readonly [id: string, at: number])[]) => storeLastUsed(db, lastUsed),

    /**
     * Stores the administrator's key of the settings if it is missing. If it was rotated or revoked since, it
     * stays so: a restart must not restore it. Returns whether the key is valid.
     */
    async ensureAdminKey(text: string): Promise<boolean> {
      const parts = parseKey(text)
      if (parts === null) throw new Error('The form of ADMIN_KEY is checked with the settings')
      const { publicId, secret } = parts
      const secretHash = hashSecret(secret)
      const key = { publicId, secretHash, name: 'ADMIN_KEY', role: 'admin', scopes: null, userId: null }
      const created = await database.transaction(() => insert({ ...key, expiresAt: null }))
      if (created !== null) await forgetAfterCommit([created])
      const row = created ?? (await findKey(db, publicId))
      return row !== null && row.revokedAt === null && isSecret(secret, row.secretHash)
    },

    /** True if there is a valid key. */
    isAnyGood: () => isAnyKeyGood(db),

    /** Revokes the keys of a user, in the transaction that deletes it. */
    async onUserDeleted({ id, isErased }: { id: number; isErased: boolean }) {
      const formerIds = isErased ? await findOwned('key', id) : []
      const of = { userId: id, formerIds }
      const revoked = await revokeKeysOfUser(db, of, isErased ? { name: 'erased' } : {})
      await audit(revoked.map(({ publicId }) => ({ action: 'revoked', resource: 'key', id: publicId })))
      if (isErased) await erase({ resource: 'key', ids: revoked.map(({ publicId }) => publicId) })
      await forgetAfterCommit(revoked)
    }
  }
}

function refuseMore(caller: Caller, role: Role, scopes: readonly string[] | null): void {
  for (const scope of scopesOf(role, scopes)) if (!caller.scopes.has(scope)) throw notAllowed(scope)
}

function readExpiry(text: string | null | undefined, now: number): Date | null {
  if (text === null || text === undefined) return null
  const time = parseWireTime(text)
  if (time === null || time.getTime() <= now) throw expiryNotAhead()
  return time
}
