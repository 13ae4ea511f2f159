import type { Url } from '#schema/shapes/url.ts'
import type { ExportedUrl } from '#schema/shapes/user-export.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { isReservedCode } from './codes.ts'
import { FIELDS, type LinkField, presentField } from './fields.ts'
import { warnOfHost } from './look-alikes.ts'

const SHOWN = FIELDS.filter(({ isHidden }) => !isHidden)

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
  return { ...presentFields<Omit<Url, 'short_url'>>(row, SHOWN), short_url: `${base}/${path}` }
}

/** A url as an export holds it. */
export function presentForExport(row: UrlRow): Omit<ExportedUrl, 'statistics' | 'events' | 'audit'> {
  return presentFields(row, FIELDS)
}

function presentFields<Presented>(row: UrlRow, fields: readonly LinkField[]): Presented {
  const presented: Record<string, unknown> = {}
  for (const field of fields) presented[field.name] = presentField(field, row)
  return presented as Presented
}
