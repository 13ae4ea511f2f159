import { wireTime } from '#schema/shapes/text.ts'
import type { Url } from '#schema/shapes/url.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { warnOfHost } from './look-alikes.ts'

/** A url whose target was just set: with what is odd about that, if anything is. */
export function presentSet(row: UrlRow, base: string): Url {
  const warnings = warnOfHost(row.originalUrl)
  return { ...presentUrl(row, base), ...(warnings.length > 0 && { warnings }) }
}

/** A url as the contract shows it. `base` is where people reach the server, without a slash at its end. */
export function presentUrl(row: UrlRow, base: string): Url {
  return {
    id: row.id,
    user_id: row.userId,
    short_code: row.shortCode,
    original_url: row.originalUrl,
    title: row.title,
    is_active: row.isActive,
    created_at: wireTime(row.createdAt),
    updated_at: wireTime(row.updatedAt),
    short_url: `${base}/${row.shortCode}`,
    expires_at: row.expiresAt && wireTime(row.expiresAt)
  }
}
