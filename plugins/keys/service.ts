import { type Caller, type OwnerFilter, ownerFilterOf, scopesOf } from '#platform/access/caller.ts'
import { notAllowed } from '#platform/access/errors.ts'
import type { Cache } from '#platform/cache/index.ts'
import type { Database } from '#platform/database/index.ts'
import { parseWireTime } from '#platform/http/wire-time.ts'
import type { EraseChanges, FindOwned, RecordChanges } from '#plugins/audit/contract.ts'
import type { IssuedKey, Key, KeyDraft, Role } from '#schema/shapes/key.ts'
import { type Page, type PageQuery, pageWindow } from '#schema/shapes/page.ts'
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
  countKeys,
  findKey,
  insertKey,
  isAnyKeyGood,
  listKeys,
  lockKey,
  type NewKey,
  replaceSecret,
  revokeKey,
  revokeKeysOfUser,
  storeLastUsed
} from './store.ts'
import type { HeldKey } from './verifier.ts'

/**
 * `app.keys`: who may call. No key gives more than it has: one with few scopes makes no key with more, and one that expires neither
 * makes nor rotates a key that lasts longer.
 */
export interface KeyService {
  /** The newest first, revoked ones too. */
  list(caller: Caller, query: PageQuery): Promise<Page<Key>>
  /** The key expires with that of the caller when the draft does not say. Throws INPUT_INVALID, USER_UNKNOWN, SCOPE_MISSING. */
  create(caller: Caller, draft: KeyDraft): Promise<IssuedKey>
  /** Gives the key a new secret; the old one is good no more. Throws KEY_UNKNOWN, KEY_REVOKED, SCOPE_MISSING, KEY_OUTLIVES_CALLER. */
  rotate(caller: Caller, id: string): Promise<IssuedKey>
  /** Ends the key for good, on every replica; nothing when it is revoked. Throws KEY_UNKNOWN. */
  revoke(caller: Caller, id: string): Promise<void>
}

/** The cache in which keys are held by their public id. */
export const KEYS = 'keys'

/** The part of `app.users` and `app.audit` that keys need. */
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

  /** When the key expires that the caller came with, or began its session with; null for never. */
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
    async list(_caller, query) {
      const { page, perPage } = pageWindow(query)
      const rows = await listKeys(db, perPage, (page - 1) * perPage)
      return { rows: rows.map(presentKey), total: await countKeys(db) }
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
      // 64 random bits that are there already are a broken source of randomness.
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

    /** What the cache holds of a key. */
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

    /** Writes when keys were used last. */
    storeLastUsed: (lastUsed: readonly (readonly [id: string, at: number])[]) => storeLastUsed(db, lastUsed),

    /**
     * Sees to it that the key of the settings is there, as the first administrator's. One that was rotated or revoked
     * since stays so: what was ended must not come back by a restart. Tells whether the key is good.
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

    /** Whether there is a key that lets somebody in. */
    isAnyGood: () => isAnyKeyGood(db),

    /** In the transaction that deletes a user: its keys are revoked. */
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
