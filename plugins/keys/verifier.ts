import { type Caller, scopesOf } from '#platform/access/caller.ts'
import { credentialsInvalid } from '#platform/access/errors.ts'
import type { TieredCache } from '#platform/cache/tiered.ts'
import type { Role } from '#schema/shapes/key.ts'
import { isSecret, parseKey } from './secret.ts'

/** Verifies keys of requests and returns their callers. */

/** The cache entry of a key, in process and in Redis. */
export interface HeldKey {
  publicId: string
  /** SHA-256 of the secret, base64. */
  hash: string
  name: string
  role: Role
  scopes: string[] | null
  userId: number | null
  /** Milliseconds since the epoch. */
  expiresAt: number | null
  isRevoked: boolean
  version: number
  /** When the database was read: during an outage of the database the cache keeps entries longer. */
  readAt: number
}

export interface VerifierOptions {
  cache: TieredCache<HeldKey>
  /** Reads a key from the database. Throws a 503 problem if the database does not answer. */
  read(publicId: string): Promise<HeldKey | null>
  /** Runs on each use of a valid key. */
  onUse(publicId: string, now: number): void
  now: () => number
}

/** Maximum age of a cache entry. A revocation whose invalidation got lost takes effect after this time. */
export const MAX_AGE_MS = 5 * 60_000

/** A valid key as it was when a client sent it. */
export interface ShownKey {
  caller: Caller
  /** Grows with each change of the key: see {@link KeyVerifier.callerOf}. */
  version: number
  expiresAt: Date | null
}

/**
 * Verifies keys. All methods throw CREDENTIALS_INVALID for an invalid key, and a 503 problem if the database
 * does not answer. They return a promise only if this process has no fresh cache entry of the key.
 */
export interface KeyVerifier {
  /** The caller that a key authenticates. */
  verify(text: string): Caller | Promise<Caller>
  /** Like `verify`, for callers that will not send the key again. */
  open(text: string): Promise<ShownKey>
  /** The caller of a key that was verified before. The key is invalid if it has changed since. */
  callerOf(publicId: string, version: number): Caller | Promise<Caller>
}

export function createVerifier({ cache, read, onUse, now }: VerifierOptions): KeyVerifier {
  // Created once per cache entry, so that a request creates no sets.
  const callers = new WeakMap<HeldKey, { caller: Caller; hash: Buffer }>()

  function known(held: HeldKey) {
    const found = callers.get(held)
    if (found !== undefined) return found
    const { publicId: keyId, userId, name, role, scopes, hash } = held
    const caller: Caller = { kind: 'key', keyId, userId, name, role, scopes: scopesOf(role, scopes) }
    const made = { caller, hash: Buffer.from(hash, 'base64') }
    callers.set(held, made)
    return made
  }

  type Proof = (held: HeldKey, hash: Buffer) => boolean

  function check(held: HeldKey | null, isProven: Proof): HeldKey {
    if (held === null) throw credentialsInvalid()
    const time = now()
    const isOver = held.isRevoked || (held.expiresAt ?? Number.POSITIVE_INFINITY) <= time
    if (!isProven(held, known(held).hash) || isOver) throw credentialsInvalid()
    onUse(held.publicId, time)
    return held
  }

  /** `version`: the minimum known version; a cache entry may briefly be older. */
  function find(publicId: string, isProven: Proof, version = 0): HeldKey | Promise<HeldKey> {
    // `readAt` may come from another replica's clock. If it is far in the future, a clock was set back, so
    // the age of the entry is unknown.
    const isFresh = (held: HeldKey | null) =>
      held === null || (Math.abs(now() - held.readAt) < MAX_AGE_MS && held.version >= version)
    const found = cache.get(publicId)
    if (!(found instanceof Promise) && isFresh(found)) return check(found, isProven)
    return Promise.resolve(found).then(async (held) =>
      check(isFresh(held) ? held : await read(publicId), isProven)
    )
  }

  function findShown(text: string): HeldKey | Promise<HeldKey> {
    const parts = parseKey(text)
    if (parts === null) throw credentialsInvalid()
    return find(parts.publicId, (_held, hash) => isSecret(parts.secret, hash))
  }

  const callerFrom = (found: HeldKey | Promise<HeldKey>) =>
    found instanceof Promise ? found.then((held) => known(held).caller) : known(found).caller

  return {
    verify: (text) => callerFrom(findShown(text)),
    async open(text) {
      const held = await findShown(text)
      const { version, expiresAt } = held
      return {
        caller: known(held).caller,
        version,
        expiresAt: expiresAt === null ? null : new Date(expiresAt)
      }
    },
    callerOf: (publicId, version) => callerFrom(find(publicId, (held) => held.version === version, version))
  }
}
