/** Maximum depth of a free-form object: far beyond real use, far below stack overflow. */
export const MAX_DEPTH = 32

/** True if PostgreSQL can store a parsed JSON value as jsonb (PostgreSQL manual, 8.14 "JSON Types"). */
export function isPlainJson(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0')
  if (typeof value !== 'object' || value === null) return true
  if (depth === MAX_DEPTH) return false
  return Object.entries(value).every(
    ([key, member]) => isPlainJson(key, depth) && isPlainJson(member, depth + 1)
  )
}

/**
 * An upper bound of the bytes of a valid JSON text after jsonb stored it: jsonb writes `1e300` with 301
 * digits. By this measure, an exported value is never larger than the stored one was.
 */
export function storedBytes(text: string): number {
  let bytes = Buffer.byteLength(text)
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at)
    const end = quote === -1 ? text.length : quote
    for (const [, exponent] of text.slice(at, end).matchAll(/\d[eE][+-]?(\d{1,9})/g))
      bytes += Number(exponent)
    // Skips strings, because a hash in a string may look like a number: `"4e99999"`.
    at = quote === -1 ? end : endOfString(text, quote + 1)
  }
  return bytes
}

/**
 * Removes the spaces that PostgreSQL puts between the parts of jsonb, except those inside strings. It scans
 * by position: a regular expression for strings overflows the stack at some megabytes.
 */
export function compactJson(text: string): string {
  let compact = ''
  for (let at = 0; ; ) {
    const quote = text.indexOf('"', at)
    compact += text.slice(at, quote === -1 ? undefined : quote).replaceAll(' ', '')
    if (quote === -1) return compact
    at = endOfString(text, quote + 1)
    compact += text.slice(quote, at)
  }
}

/** The position after the JSON string whose first character is at `at`. */
export function endOfString(text: string, at: number): number {
  for (let quote = text.indexOf('"', at); ; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0
    while (text[quote - 1 - backslashes] === '\\') backslashes++
    if (backslashes % 2 === 0) return quote + 1
  }
}

/** True if a JSON text nests more than `limit` levels; does not parse it. Ignores brackets in strings. */
export function nestsDeeper(text: string, limit: number): boolean {
  let depth = 0
  let isString = false
  // A text of so few characters can not nest deeper.
  if (text.length <= limit) return false
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (isString) {
      if (unit === 0x5c) at++
      else if (unit === 0x22) isString = false
    } else if (unit === 0x22) isString = true
    else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > limit) return true
    } else if (unit === 0x7d || unit === 0x5d) depth--
  }
  return false
}
