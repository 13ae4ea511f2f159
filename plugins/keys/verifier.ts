import { type Caller, scopesOf } from '#platform/access/caller.ts'
import { credentialsInvalid } from '#platform/access/errors.ts'
import type { TieredCache } from '#platform/cache/tiered.ts'
import type { Role } from '#schema/shapes/key.ts'
import { isSecret, parseKey } from './secret.ts'

/** Whether a key that somebody sends is good, and who that makes them. */

/** What is held of a key in process and in Redis. */
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
  /** When the database said so: the cache may hold it for long while nobody answers. */
  readAt: number
}

export interface VerifierOptions {
  cache: TieredCache<HeldKey>
  /** Reads a key where all keys are. Throws a 503 problem when that does not answer. */
  read(publicId: string): Promise<HeldKey | null>
  /** Called with each use of a good key. */
  onUse(publicId: string, now: number): void
  now: () => number
}

/** How old what is known of a key may be. A revocation that nobody heard of works after this time at the latest. */
export const MAX_AGE_MS = 5 * 60_000

/** A good key as it was when somebody showed it. */
export interface ShownKey {
  caller: Caller
  /** Grows with each change of the key: see {@link KeyVerifier.callerOf}. */
  version: number
  expiresAt: Date | null
}

/**
 * Judges keys. All of it throws CREDENTIALS_INVALID for a key that is not good, and a 503 problem when nobody can say; gives a
 * promise only where the key has to be asked for.
 */
export interface KeyVerifier {
  /** The caller that a key makes of who sends it. */
  verify(text: string): Caller | Promise<Caller>
  /** As `verify`, for who will not show the key again. */
  open(text: string): Promise<ShownKey>
  /** The caller of a key that was shown before; not good any more once the key has changed since. */
  callerOf(publicId: string, version: number): Caller | Promise<Caller>
}

export function createVerifier({ cache, read, onUse, now }: VerifierOptions): KeyVerifier {
  // Once for each held key, so that a request makes no sets.
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

  /** `version`: what is known to have been; what is held may be older for a moment. */
  function find(publicId: string, isProven: Proof, version = 0): HeldKey | Promise<HeldKey> {
    // The time may be another replica's. One far ahead says that a clock was set back, and nothing about the age.
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
