import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** What a key is made of: `fl_`, an id that is no secret, and 256 random bits. */

export interface KeyParts {
  publicId: string
  secret: string
}

const FORM = /^fl_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/

/** Makes a new secret, for the key with this id or for a new one. */
export function createKeyParts(publicId = randomBytes(8).toString('hex')): KeyParts {
  return { publicId, secret: randomBytes(32).toString('base64url') }
}

export function formatKey({ publicId, secret }: KeyParts): string {
  return `fl_${publicId}_${secret}`
}

/** The parts of a key, or null when `text` is none. */
export function parseKey(text: string): KeyParts | null {
  const [, publicId, secret] = FORM.exec(text) ?? []
  return publicId === undefined || secret === undefined ? null : { publicId, secret }
}

/** What is stored of a secret. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** Whether `secret` has this hash, in a time that does not depend on how much of it is right. */
export function isSecret(secret: string, hash: Buffer): boolean {
  return timingSafeEqual(hashSecret(secret), hash)
}
