/** Deepest nesting of a free-form object: far beyond real use, far from the stack's end. */
export const MAX_DEPTH = 32

/** Tells whether a parsed JSON value can be stored as jsonb: see PostgreSQL manual, 8.14 "JSON Types". */
export function isPlainJson(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0')
  if (typeof value !== 'object' || value === null) return true
  if (depth === MAX_DEPTH) return false
  return Object.entries(value).every(
    ([key, member]) => isPlainJson(key, depth) && isPlainJson(member, depth + 1)
  )
}
