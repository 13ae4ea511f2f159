import { randomBytes } from 'node:crypto'

/** Short codes: random base62, so that nobody can guess or count the links of others. */

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Bytes at or above this would favour the first letters of the alphabet (62 does not divide 256). */
const FAIR_BYTES = 256 - (256 % ALPHABET.length)

/** First path segments of the server's own addresses, and files that browsers and crawlers ask for unasked. */
export const RESERVED_CODES: ReadonlySet<string> = new Set([
  'admin', 'api', 'app', 'assets', 'audit', 'blocked-hosts', 'dashboard', 'docs', 'events', 'health', 'import', 'export',
  'keys', 'login', 'logout', 'metrics', 'openapi', 'rest', 's', 'session', 'sets', 'shorten', 'static', 'stats', 'urls', 'users',
  'webhooks'
]) // biome-ignore format: a list of words reads better as a paragraph

/** Codes are told apart by case, but `/Users` beside `/users` would only mislead: reserved in any case. */
export function isReservedCode(code: string): boolean {
  return RESERVED_CODES.has(code.toLowerCase())
}

/** Gives random bytes; a test may own them. */
export type RandomSource = (size: number) => Uint8Array

/** A random code of `length` letters, each equally likely (rejection sampling); never a reserved word. */
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
 * Candidates for one insert, which takes the first that is free: three of `length`, then ever longer ones, so
 * that codes grow by themselves where the space of `length` has filled.
 */
export function createCandidates(length: number, random?: RandomSource): string[] {
  return [length, length, length, length + 1, length + 1, length + 2].map((size) => createCode(size, random))
}
