import type { Executor } from '#platform/database/index.ts'
import { encodeLinkKey, type LinkKey } from '#schema/link-key.ts'
import type { UrlChange, UrlDraft } from '#schema/shapes/url.ts'
import { CHANGE_DEFAULTS, MAX_ALIASES } from '#schema/shapes/url-codes.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import type { Codes } from './codes.ts'
import { codeReserved, codeTaken, tooManyAliases } from './errors.ts'
import type { VersionedKey } from './service-parts.ts'
import { findHolders, type HeldCode, type StoredCode } from './store-codes.ts'

/** The codes of a link: its own one and its aliases. */

type CodesOfLink = Pick<UrlRow, 'shortCode' | 'aliases' | 'foldedCode'>

/** A code that a client requests, with the path of its field. */
export interface WantedCode extends LinkKey {
  path: string
}

/** Returns all codes of a link. */
export function codesOf({ shortCode, aliases }: Pick<CodesOfLink, 'shortCode' | 'aliases'>): string[] {
  return [shortCode, ...aliases]
}

/** Returns the codes of a request with their paths. */
export function wantedCodes(
  { short_code, aliases }: Pick<UrlDraft, 'short_code' | 'aliases'>,
  domain = ''
): WantedCode[] {
  const own = short_code == null ? [] : [{ domain, code: short_code, path: 'short_code' }]
  return [...own, ...(aliases ?? []).map((code, at) => ({ domain, code, path: `aliases.${at}` }))]
}

/** Returns the codes of a change that the link does not have. */
export function newCodes(old: UrlRow | undefined, change: UrlChange): WantedCode[] {
  if (old === undefined) return []
  return wantedCodes(change, old.domain).filter(({ code }) => !codesOf(old).includes(code))
}

/** Returns the codes that a link no longer has, with its new version. */
export function formerCodes(old: UrlRow, { version, ...current }: UrlRow): VersionedKey[] {
  const former = codesOf(old).filter((code) => !codesOf(current).includes(code))
  return former.map((code) => ({ domain: old.domain, code, version }))
}

/** Returns the aliases without repeats and without the link's own code. */
export function distinctAliases(aliases: readonly string[], shortCode: string, { keyOf }: Codes): string[] {
  const known = new Set([keyOf(shortCode)])
  return aliases.filter((code) => known.size < known.add(keyOf(code)).size)
}

/** True if a link has the codes of a request, in any order. A request without `short_code` accepts any. */
export function hasCodes(
  row: CodesOfLink,
  { short_code: shortCode, aliases }: Pick<UrlDraft, 'short_code' | 'aliases'>,
  codes: Codes
): boolean {
  const { keyOf } = codes
  if (shortCode != null && keyOf(shortCode) !== keyOf(row.shortCode)) return false
  if (aliases === undefined) return true
  const keys = new Set(row.aliases.map(keyOf))
  const wanted = distinctAliases(aliases ?? [], row.shortCode, codes)
  return wanted.length === keys.size && wanted.every((code) => keys.has(keyOf(code)))
}

/**
 * Returns the change with the aliases that the link has after it. The old code of a renamed link is one of
 * them, unless the change says otherwise. Throws INPUT_INVALID for too many.
 */
export function withAliases(old: CodesOfLink, change: UrlChange, codes: Codes): UrlChange {
  const {
    short_code: shortCode = old.shortCode,
    aliases: wanted,
    keep_old_code: keepsOld = CHANGE_DEFAULTS.keep_old_code
  } = change
  if (wanted === undefined && shortCode === old.shortCode) return change
  const isRenamed = codes.keyOf(shortCode) !== codes.keyOf(old.shortCode)
  const listed = wanted === undefined ? old.aliases : (wanted ?? [])
  // Where case is ignored, a code without a folded one is the code of another link too, which visitors reach.
  const isOwn = codes.isCaseSensitive || old.foldedCode !== null
  const kept = isRenamed && keepsOld && isOwn ? [...listed, old.shortCode] : listed
  const aliases = distinctAliases(kept, shortCode, codes)
  if (aliases.length > MAX_ALIASES) throw tooManyAliases()
  return { ...change, aliases }
}

/** The codes that requests may not have, because a link has them. */
export interface Claims {
  /**
   * Throws URL_CODE_RESERVED and URL_CODE_TAKEN for codes that the link can not get; a new link has no id.
   */
  check(id: number | null, wanted: readonly WantedCode[]): void
  /** Gives these codes to the link, so that no later one gets them. */
  add(id: number, wanted: readonly WantedCode[]): void
}

/** Reads the holders of `keys`. Sends no statement without keys. */
export async function openClaims(db: Executor, codes: Codes, keys: readonly LinkKey[]): Promise<Claims> {
  const found =
    keys.length === 0
      ? []
      : await findHolders(
          db,
          keys.map((key) => toStored(key, codes))
        )
  const keyOf = ({ domain, code }: LinkKey) => encodeLinkKey({ domain, code: codes.keyOf(code) })
  // Of codes that differ only by case, the one with a folded code is reachable.
  const holders = new Map(
    found.toSorted((one) => (one.folded === null ? -1 : 1)).map((held) => [keyOf(held), held.urlId])
  )
  return {
    check(id, wanted) {
      for (const key of wanted) {
        if (codes.isReserved(key.code)) throw codeReserved(key.code, key.path)
        if ((holders.get(keyOf(key)) ?? id) !== id) throw codeTaken(key.code, key.path)
      }
    },
    add(id, wanted) {
      for (const key of wanted) holders.set(keyOf(key), id)
    }
  }
}

/** Returns the aliases of `row` that `other` does not have, as rows. */
export function aliasesBeyond(row: UrlRow, other: Pick<UrlRow, 'aliases'>, codes: Codes): HeldCode[] {
  const { id: urlId, domain, aliases } = row
  return aliases
    .filter((code) => !other.aliases.includes(code))
    .map((code) => ({ ...toStored({ domain, code }, codes), urlId }))
}

function toStored({ domain, code }: LinkKey, { fold }: Codes): StoredCode {
  return { domain, code, folded: fold(code) }
}
