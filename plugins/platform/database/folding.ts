/**
 * Comparing text without case, in the application: what PostgreSQL's lower() and ILIKE make of a letter depends on the locale of
 * the database.
 */

/** The form in which names are compared: equal for texts that differ in case or in how a letter is composed (Unicode, 3.13). */
export function foldName(text: string): string {
  // Both ways: ẞ has the lower case ß, whose upper case is SS; and σ at the end of a word is ς.
  return text.normalize('NFC').toLowerCase().toUpperCase().toLowerCase().normalize('NFC')
}

/**
 * The form in which email addresses are compared: only A to Z are folded, as by `lower(… COLLATE "C")` in the database. Unicode's
 * case mapping would make the Kelvin sign a k, and two people one.
 */
export function foldIdentity(email: string): string {
  return email.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/** Tells whether an address can be taken for no other one: visible ASCII only. International domains have an ASCII form (RFC 5891). */
export function isPlainIdentity(email: string): boolean {
  return /^[!-~]+$/.test(email)
}

/** A regular expression of PostgreSQL (manual, 9.7.3) that finds `text` in any case, the same with every locale. */
export function patternOf(text: string): string {
  const pieces = [...text].map((character) => {
    const variants = variantsOf(character)
    if (variants.length > 1) return `[${variants.join('')}]`
    return /[!-/:-@[-`{-~]/.test(character) ? `\\${character}` : character
  })
  return pieces.join('')
}

/** The last code point that has another case is U+1E943. */
const LAST_CASED = 0x1e943

/** The characters of each simple fold with more than one. */
let variants: Map<string, string[]> | undefined

function variantsOf(character: string): string[] {
  variants ??= findVariants()
  return variants.get(foldName(character)) ?? [character]
}

/** Takes 30 ms, once. */
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
