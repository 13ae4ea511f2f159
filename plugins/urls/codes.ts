import { randomBytes } from 'node:crypto'

/** Short codes: random base62, so that clients can neither guess nor count the links of others. */

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Bytes at or above this would favour the first letters of the alphabet (62 does not divide 256). */
const FAIR_BYTES = 256 - (256 % ALPHABET.length)

/**
 * First path segments of the server's own addresses, and files that browsers and crawlers request by default.
 */
export const RESERVED_CODES: ReadonlySet<string> = new Set([
  'admin', 'api', 'app', 'assets', 'audit', 'blocked-hosts', 'dashboard', 'docs', 'events', 'health', 'import', 'export',
  'keys', 'login', 'logout', 'metrics', 'openapi', 'rest', 's', 'session', 'sets', 'shorten', 'static', 'stats', 'urls', 'users',
  'webhooks'
]) // biome-ignore format: a list of words reads better as a paragraph

/**
 * True if the code is reserved, ignoring case. Codes are case-sensitive, but `/Users` beside `/users` would
 * mislead.
 */
export function isReservedCode(code: string): boolean {
  return RESERVED_CODES.has(code.toLowerCase())
}

/** Returns random bytes. Tests inject a fixed source. */
export type RandomSource = (size: number) => Uint8Array

/**
 * Returns a random code of `length` letters, each equally likely (rejection sampling). Never a reserved word.
 */
export function createCode(length: number, random: RandomSource = randomBytes): string {
  for (;;) {
    let code = ''
    while (code.length < length) {
      for (const byte of random(length * 2)) {
        if (byte < FAIR_BYTES && code.length < length) code += ALPHABET.charAt(byte % ALPHABET.length)
      }
    }
    if (!isReservedCode(code)) return code
  }
}

/**
 * Returns candidates for one insert, which takes the first free one: three of `length`, then longer ones. So
 * codes grow when the space of `length` is full.
 */
export function createCandidates(length: number, random?: RandomSource): string[] {
  return [length, length, length, length + 1, length + 1, length + 2].map((size) => createCode(size, random))
}
