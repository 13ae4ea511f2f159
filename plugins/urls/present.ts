import { wireTime } from '#schema/shapes/text.ts'
import type { Url } from '#schema/shapes/url.ts'
import type { UrlRow } from '#schema/tables/urls.ts'

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
