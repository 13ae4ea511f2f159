import { optionalWireTime, wireTime } from '#schema/shapes/text.ts'
import type { Url } from '#schema/shapes/url.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { isReservedCode } from './codes.ts'
import { warnOfHost } from './look-alikes.ts'

/** A url whose target was just set: with what is odd about that, if anything is. */
export function presentSet(row: UrlRow, base: string): Url {
  const warnings = warnOfHost(row.originalUrl)
  return { ...presentUrl(row, base), ...(warnings.length > 0 && { warnings }) }
}

/**
 * A url as the contract shows it. `base` is where people reach the server, without a slash at its end. An imported code may be a word of
 * the server's own addresses; `/s/` reaches any.
 */
export function presentUrl(row: UrlRow, base: string): Url {
  const path = isReservedCode(row.shortCode) ? `s/${row.shortCode}` : row.shortCode
  return { ...presentStoredUrl(row), short_url: `${base}/${path}` }
}

/** A url without what depends on where people reach the server. */
export function presentStoredUrl(row: UrlRow): Omit<Url, 'short_url' | 'warnings'> {
  return {
    id: row.id,
    user_id: row.userId,
    short_code: row.shortCode,
    original_url: row.originalUrl,
    title: row.title,
    is_active: row.isActive,
    created_at: wireTime(row.createdAt),
    updated_at: wireTime(row.updatedAt),
    expires_at: optionalWireTime(row.expiresAt)
  }
}

/** A url as an export holds it. */
export function presentForExport(row: UrlRow) {
  return { ...presentStoredUrl(row), deleted_at: optionalWireTime(row.deletedAt) }
}
