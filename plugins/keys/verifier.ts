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

/**
 * Makes the function that judges a key: gives its caller, throws CREDENTIALS_INVALID when it is not good, and a 503
 * problem when nobody can say. A promise only where the key has to be asked for.
 */
export function createVerifier({ cache, read, onUse, now }: VerifierOptions) {
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

  function judge(held: HeldKey | null, secret: string): Caller {
    if (held === null) throw credentialsInvalid()
    const { caller, hash } = known(held)
    const time = now()
    if (!isSecret(secret, hash) || held.isRevoked || (held.expiresAt ?? Number.POSITIVE_INFINITY) <= time)
      throw credentialsInvalid()
    onUse(held.publicId, time)
    return caller
  }

  // The time may be another replica's. One far ahead says that a clock was set back, and nothing about the age.
  const isFresh = (held: HeldKey | null) => held === null || Math.abs(now() - held.readAt) < MAX_AGE_MS

  return function verify(text: string): Caller | Promise<Caller> {
    const parts = parseKey(text)
    if (parts === null) throw credentialsInvalid()
    const { publicId, secret } = parts
    const found = cache.get(publicId)
    if (!(found instanceof Promise) && isFresh(found)) return judge(found, secret)
    return Promise.resolve(found).then(async (held) =>
      judge(isFresh(held) ? held : await read(publicId), secret)
    )
  }
}
