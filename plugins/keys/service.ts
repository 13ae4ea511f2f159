import { type Caller, type Reach, reachOf, scopesOf } from '#platform/access/caller.ts'
import { notAllowed } from '#platform/access/errors.ts'
import type { EraseChanges, FindOwned, RecordChanges } from '#platform/audit-change.ts'
import type { Cache } from '#platform/cache/index.ts'
import type { Database, Executor } from '#platform/database.ts'
import { presentKey } from '#platform/present-rows.ts'
import { parseWireTime } from '#platform/wire-time.ts'
import type { IssuedKey, Key, KeyDraft, Role } from '#schema/shapes/key.ts'
import { type Page, type PageQuery, pageWindow } from '#schema/shapes/page.ts'
import type { ApiKeyRow } from '#schema/tables/api-keys.ts'
import { expiryNotAhead, keyRevoked, keyUnknown, memberWithoutUser, scopeBeyondRole } from './errors.ts'
import { createKeyParts, formatKey, hashSecret, isSecret, parseKey } from './secret.ts'
import {
  countKeys,
  findKey,
  insertKey,
  isAnyKeyGood,
  listKeys,
  lockKey,
  type NewKey,
  noteUses,
  replaceSecret,
  revokeKey,
  revokeKeysOfUser
} from './store.ts'
import type { HeldKey } from './verifier.ts'

/** `app.keys`: who may call. Nobody can give more than they have: a key with few scopes makes no key with more. */
export interface KeyService {
  /** The newest first, revoked ones too. */
  list(caller: Caller, query: PageQuery): Promise<Page<Key>>
  /** Throws INPUT_INVALID, USER_UNKNOWN, SCOPE_MISSING. */
  create(caller: Caller, draft: KeyDraft): Promise<IssuedKey>
  /** Gives the key a new secret; the old one is good no more. Throws KEY_UNKNOWN, KEY_REVOKED, SCOPE_MISSING. */
  rotate(caller: Caller, id: string): Promise<IssuedKey>
  /** Ends the key for good, on every replica; nothing when it is revoked. Throws KEY_UNKNOWN. */
  revoke(caller: Caller, id: string): Promise<void>
}

/** The cache in which keys are held by their public id. */
export const KEYS = 'keys'

/** The part of `app.users` and `app.audit` that keys need. */
export interface KeyCollaborators {
  holdUser(tx: Executor, id: number, reach: Reach): Promise<void>
  audit: RecordChanges
  findOwned: FindOwned
  erase: EraseChanges
}

export function createKeyService(
  database: Database,
  cache: Pick<Cache, 'invalidate'>,
  { holdUser, audit, findOwned, erase }: KeyCollaborators,
  now: () => number
) {
  const forget = (rows: ApiKeyRow[]) =>
    cache.invalidate(
      KEYS,
      rows.map(({ publicId: key, version }) => ({ key, version }))
    )

  async function insert(tx: Executor, key: NewKey): Promise<ApiKeyRow | null> {
    const row = await insertKey(tx, key)
    if (row !== null) {
      const { name, role, scopes, user_id, expires_at } = presentKey(row)
      const after = { name, role, scopes, user_id, expires_at }
      await audit(tx, [{ action: 'created', resource: 'key', id: key.publicId, after }])
    }
    return row
  }

  const service: KeyService = {
    async list(_caller, query) {
      const { page, perPage } = pageWindow(query)
      const rows = await listKeys(database.db, perPage, (page - 1) * perPage)
      return { rows: rows.map(presentKey), total: await countKeys(database.db) }
    },

    async create(caller, draft) {
      const { name, role, scopes = null, user_id: userId = null } = draft
      const allowed = scopesOf(role)
      for (const scope of scopes ?? []) if (!allowed.has(scope)) throw scopeBeyondRole(scope, role)
      if (role === 'member' && userId === null) throw memberWithoutUser()
      refuseMore(caller, role, scopes)
      const expiresAt = readExpiry(draft.expires_at, now())
      const parts = createKeyParts()
      const row = await database.transaction(async (tx) => {
        if (userId !== null) await holdUser(tx, userId, reachOf(caller))
        const secretHash = hashSecret(parts.secret)
        const key = { publicId: parts.publicId, secretHash, name, role, scopes, userId, expiresAt }
        return insert(tx, key)
      })
      // 64 random bits that are there already are a broken source of randomness.
      if (row === null) throw new Error('A new key has the id of another')
      await forget([row])
      return { ...presentKey(row), key: formatKey(parts) }
    },

    async rotate(caller, id) {
      const parts = createKeyParts(id)
      const row = await database.transaction(async (tx) => {
        const old = await lockKey(tx, id)
        if (old === null) throw keyUnknown(id)
        if (old.revokedAt !== null) throw keyRevoked(id)
        refuseMore(caller, old.role as Role, old.scopes)
        await audit(tx, [{ action: 'rotated', resource: 'key', id }])
        return replaceSecret(tx, id, hashSecret(parts.secret))
      })
      await forget([row])
      return { ...presentKey(row), key: formatKey(parts) }
    },

    async revoke(_caller, id) {
      const row = await database.transaction(async (tx) => {
        const revoked = await revokeKey(tx, id)
        if (revoked !== null) await audit(tx, [{ action: 'revoked', resource: 'key', id }])
        return revoked ?? findKey(tx, id)
      })
      if (row === null) throw keyUnknown(id)
      await forget([row])
    }
  }

  return {
    service,

    /** What the cache holds of a key. */
    async read(publicId: string): Promise<HeldKey | null> {
      const readAt = now()
      const row = await findKey(database.db, publicId)
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
    noteUses: (uses: readonly (readonly [id: string, at: number])[]) => noteUses(database.db, uses),

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
      const created = await database.transaction((tx) => insert(tx, { ...key, expiresAt: null }))
      if (created !== null) await forget([created])
      const row = created ?? (await findKey(database.db, publicId))
      return row !== null && row.revokedAt === null && isSecret(secret, row.secretHash)
    },

    /** Whether there is a key that lets somebody in. */
    isAnyGood: () => isAnyKeyGood(database.db),

    /** In the transaction that deletes a user: its keys are revoked. */
    async onUserDeleted(tx: Executor, { id, isErased }: { id: number; isErased: boolean }) {
      const formerIds = isErased ? await findOwned(tx, 'key', id) : []
      const of = { userId: id, formerIds }
      const revoked = await revokeKeysOfUser(tx, of, isErased ? { name: 'erased' } : {})
      await audit(
        tx,
        revoked.map(({ publicId }) => ({ action: 'revoked', resource: 'key', id: publicId }))
      )
      if (isErased) await erase(tx, { resource: 'key', ids: revoked.map(({ publicId }) => publicId) })
      return () => forget(revoked)
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
