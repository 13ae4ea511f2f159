import { VERSION, type Versioned } from '#platform/http/conditional.ts'
import type { Url } from '#schema/shapes/url.ts'
import type { ExportedUrl } from '#schema/shapes/user-export.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { isReservedCode } from './codes.ts'
import { FIELDS, type LinkField, presentField, SHOWN } from './fields.ts'
import { warnOfHost } from './look-alikes.ts'

/** Returns a url whose target was just set, with the warnings about that target. */
export function presentSet(row: UrlRow, base: string): Versioned<Url> {
  const warnings = warnOfHost(row.originalUrl)
  return { ...presentUrl(row, base), ...(warnings.length > 0 && { warnings }) }
}

/**
 * Returns a url in its wire format. `base` is the public address of the server, without a trailing slash. An
 * imported code may equal a reserved word; `/s/` reaches every code.
 */
export function presentUrl(row: UrlRow, base: string): Versioned<Url> {
  const path = isReservedCode(row.shortCode) ? `s/${row.shortCode}` : row.shortCode
  return {
    ...presentFields<Omit<Url, 'short_url'>>(row, SHOWN),
    short_url: `${base}/${path}`,
    [VERSION]: row.version
  }
}

/** Returns a url in the format of exports. */
export function presentForExport(row: UrlRow): Omit<ExportedUrl, 'statistics' | 'events' | 'audit'> {
  return presentFields(row, FIELDS)
}

function presentFields<Presented>(row: UrlRow, fields: readonly LinkField[]): Presented {
  const presented: Record<string, unknown> = {}
  for (const field of fields) presented[field.name] = presentField(field, row)
  return presented as Presented
}
