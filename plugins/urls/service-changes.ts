import { parseWireTime } from '#platform/http/wire-time.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { UrlChange } from '#schema/shapes/url.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { expiryUnreadable } from './errors.ts'
import type { UrlColumns } from './store.ts'

/** What differs between a url and what is wanted of it, as events, columns and entries of the audit log. */

export interface Difference {
  field: keyof UrlChange
  new_value: unknown
  columns: UrlColumns
}

/** A url that a change met, and what it became: the same row where nothing differs. */
export interface Replaced {
  before: UrlRow
  after: UrlRow
}

/** The fields of `change` that differ from the row, as events and as columns. */
export function differences(old: UrlRow, change: UrlChange): Difference[] {
  const found: Difference[] = []
  const add = (field: keyof UrlChange, columns: UrlColumns) =>
    found.push({ field, new_value: change[field], columns })
  const { title, original_url: originalUrl, is_active: isActive } = change
  if (originalUrl !== undefined && originalUrl !== old.originalUrl) add('original_url', { originalUrl })
  if (title !== undefined && title !== old.title) add('title', { title })
  if (isActive !== undefined && isActive !== old.isActive) add('is_active', { isActive })
  if (change.expires_at !== undefined) {
    const expiresAt = readExpiry(change.expires_at)
    if (expiresAt?.getTime() !== old.expiresAt?.getTime()) add('expires_at', { expiresAt })
  }
  return found
}

/** What the audit log keeps of a url: what somebody chose or may change. */
export function valuesOf(
  row: Pick<UrlRow, 'userId' | 'shortCode' | 'originalUrl' | 'title' | 'isActive' | 'expiresAt'>
): Record<keyof UrlChange | 'user_id' | 'short_code', unknown> {
  return {
    user_id: row.userId,
    short_code: row.shortCode,
    original_url: row.originalUrl,
    title: row.title,
    is_active: row.isActive,
    expires_at: row.expiresAt && wireTime(row.expiresAt)
  }
}

/** The values of `keys`. */
export function pick<Key extends string>(
  values: Record<Key, unknown>,
  keys: readonly Key[]
): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, values[key]]))
}

/** A time as the wire has it, null for never. Throws INPUT_INVALID. */
export function readExpiry(text: string | null | undefined): Date | null {
  if (text === null || text === undefined) return null
  const time = parseWireTime(text)
  if (!time) throw expiryUnreadable()
  return time
}
