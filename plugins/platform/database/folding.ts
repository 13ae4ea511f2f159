/**
 * Case-insensitive comparison of text in the application. PostgreSQL's lower() and ILIKE depend on the locale
 * of the database.
 */

/**
 * The form for comparing names. Texts that differ in case or composition (Unicode, 3.13) have equal forms.
 */
export function foldName(text: string): string {
  // Both ways: ẞ has the lower case ß, whose upper case is SS; and σ at the end of a word is ς.
  return text.normalize('NFC').toLowerCase().toUpperCase().toLowerCase().normalize('NFC')
}

/**
 * The form for comparing email addresses. It folds only A to Z, as `lower(… COLLATE "C")` does in the
 * database. Unicode's case mapping would turn the Kelvin sign into k, and so merge two users.
 */
export function foldIdentity(email: string): string {
  return email.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/**
 * True if an address cannot be confused with another: visible ASCII only. International domains have an ASCII
 * form (RFC 5891).
 */
export function isPlainIdentity(email: string): boolean {
  return /^[!-~]+$/.test(email)
}

/**
 * A PostgreSQL regular expression (manual, 9.7.3) that finds `text` in any case, independent of the locale.
 */
export function patternOf(text: string): string {
  const pieces = [...text].map((character) => {
    const variants = variantsOf(character)
    if (variants.length > 1) return `[${variants.join('')}]`
    return /[!-/:-@[-`{-~]/.test(character) ? `\\${character}` : character
  })
  return pieces.join('')
}

/** The last code point with another case is U+1E943. */
const LAST_CASED = 0x1e943

/** The characters of each simple case fold with more than one character. */
let variants: Map<string, string[]> | undefined

/** The characters that differ from this one in case only, with itself. */
export function variantsOf(character: string): string[] {
  variants ??= findVariants()
  return variants.get(foldName(character)) ?? [character]
}

/** Takes 30 ms; runs once. */
function findVariants(): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (let code = 0; code <= LAST_CASED; code++) {
    const character = String.fromCodePoint(code)
    if (character.toLowerCase() === character && character.toUpperCase() === character) continue
    const fold = foldName(character)
    const others = found.get(fold)
    if (others === undefined) found.set(fold, [character])
    else others.push(character)
  }
  return found
}
