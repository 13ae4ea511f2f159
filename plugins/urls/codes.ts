import { randomBytes } from 'node:crypto'

/** Short codes: random, so that clients can neither guess nor count the links of others. */

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Letters that look like others; the style `readable` does without them. */
const LOOK_ALIKE = /[0O1lI]/g

/**
 * First path segments of the server's own addresses, and files that browsers and crawlers request by default.
 */
export const RESERVED_CODES: ReadonlySet<string> = new Set([
  'admin', 'api', 'app', 'assets', 'audit', 'blocked-hosts', 'dashboard', 'docs', 'events', 'health', 'import', 'export',
  'keys', 'login', 'logout', 'metrics', 'openapi', 'rest', 's', 'session', 'sets', 'shorten', 'static', 'stats', 'urls', 'users',
  'webhooks'
]) // biome-ignore format: a list of words reads better as a paragraph

/**
 * True if the code is part of an address of the server, ignoring case. Codes are case-sensitive by default,
 * but `/Users` beside `/users` would mislead.
 */
export function isReservedCode(code: string): boolean {
  return RESERVED_CODES.has(code.toLowerCase())
}

/** Returns random bytes. Tests inject a fixed source. */
export type RandomSource = (size: number) => Uint8Array

export interface CodeOptions {
  /** Length of a random code, until that space is full. */
  length: number
  /** The letters of random codes: all of base62, or those that look like no other. */
  style: 'base62' | 'readable'
  /** Whether codes that differ only by case are different codes. */
  isCaseSensitive: boolean
  /** Words that new codes must not be, besides those of the server. */
  reserved: readonly string[]
  random?: RandomSource
}

/** How this server makes and compares codes. */
export interface Codes {
  readonly isCaseSensitive: boolean
  /** Equal texts mean the same code: the code, in lower case if the server ignores case. */
  keyOf(code: string): string
  /** The value of `urls.folded_code`; null if case matters. */
  fold(code: string): string | null
  /** True for the words of the server and of the settings, ignoring case. */
  isReserved(code: string): boolean
  /**
   * Returns a random code of `length` letters, each equally likely (rejection sampling). Never a reserved
   * word.
   */
  create(length?: number): string
  /**
   * Returns candidates for one insert, which takes the first free one: three of `length`, then longer ones.
   * So codes grow when the space of `length` is full.
   */
  createCandidates(length?: number): string[]
}

export function createCodes(options: CodeOptions): Codes {
  const { style, isCaseSensitive, random = randomBytes } = options
  const reserved = new Set(options.reserved.map((word) => word.toLowerCase()))
  const letters = isCaseSensitive ? BASE62 : [...new Set(BASE62.toLowerCase())].join('')
  const alphabet = style === 'readable' ? letters.replace(LOOK_ALIKE, '') : letters
  /** Bytes at or above this would favour the first letters, because their number does not divide 256. */
  const fairBytes = 256 - (256 % alphabet.length)

  const isReserved = (code: string) => isReservedCode(code) || reserved.has(code.toLowerCase())

  /** Random bytes. Drawn many at a time, because a draw takes longer than a code. */
  const bytes = (function* draw() {
    for (;;) yield* random(256)
  })()

  function create(length = options.length): string {
    for (;;) {
      let code = ''
      while (code.length < length) {
        const byte = bytes.next().value
        if (byte < fairBytes) code += alphabet.charAt(byte % alphabet.length)
      }
      if (!isReserved(code)) return code
    }
  }

  const keyOf = isCaseSensitive ? (code: string) => code : (code: string) => code.toLowerCase()

  return {
    isCaseSensitive,
    keyOf,
    fold: isCaseSensitive ? () => null : keyOf,
    isReserved,
    create,
    createCandidates: (length = options.length) =>
      [length, length, length, length + 1, length + 1, length + 2].map(create)
  }
}
