import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** The format of keys: `fl_`, a public id, and 256 random bits. */

export interface KeyParts {
  publicId: string
  secret: string
}

const FORM = /^fl_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/

/** Creates a new secret, for the key with this id or for a new key. */
export function createKeyParts(publicId = randomBytes(8).toString('hex')): KeyParts {
  return { publicId, secret: randomBytes(32).toString('base64url') }
}

export function formatKey({ publicId, secret }: KeyParts): string {
  return `fl_${publicId}_${secret}`
}

/** The parts of a key, or null if `text` is not a key. */
export function parseKey(text: string): KeyParts | null {
  const [, publicId, secret] = FORM.exec(text) ?? []
  return publicId === undefined || secret === undefined ? null : { publicId, secret }
}

/** The hash that is stored instead of the secret. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** True if `secret` has this hash. Compares in constant time. */
export function isSecret(secret: string, hash: Buffer): boolean {
  return timingSafeEqual(hashSecret(secret), hash)
}
