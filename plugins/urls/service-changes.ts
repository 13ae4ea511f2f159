import { isDeepStrictEqual } from 'node:util'
import { parseWireTime } from '#platform/http/wire-time.ts'
import { MAX_LOCATION_BYTES, toLocation, withParameters } from '#schema/shapes/location.ts'
import type { UrlChange, UrlDraft } from '#schema/shapes/url.ts'
import { toUtmQuery } from '#schema/shapes/utm.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { timesReversed, timeUnreadable, utmTooLong } from './errors.ts'
import { type ChosenColumns, FIELDS, inputName, storedValue, type UrlColumns } from './fields.ts'
import type { LinkField } from './link-field.ts'

/** Differences between a url and a requested change, as events, columns and audit log entries. */

export interface Difference {
  field: string
  new_value: unknown
  columns: UrlColumns
}

/** A url before and after a change. Both are the same row if nothing differs. */
export interface Replaced {
  before: UrlRow
  after: UrlRow
}

const CHOSEN = FIELDS.filter(({ setOn }) => setOn !== undefined)
const CHANGEABLE = FIELDS.filter(({ setOn }) => setOn === 'change')
const AUDITED = FIELDS.filter(({ audit }) => audit !== undefined)

/** The columns of an erased link. */
export const ERASED: UrlColumns = Object.fromEntries(
  FIELDS.flatMap(({ column, erased }) => (erased === undefined ? [] : [[column, erased]]))
)

/** Returns the columns of a new url. Throws INPUT_INVALID. */
export function columnsOf(draft: UrlDraft): ChosenColumns {
  const columns = CHOSEN.map((field) => [field.column, readField(field, draft) ?? field.initial ?? null])
  const chosen = Object.fromEntries(columns) as ChosenColumns
  refuseMisfits(chosen, chosen)
  return chosen
}

/**
 * Throws INPUT_INVALID for values that do not fit each other: a link that ends before it starts, a target too
 * long for its UTM. Only values that `columns` set are refused; an import may have brought the others.
 */
export function refuseMisfits(columns: UrlColumns, row: ChosenColumns): void {
  const { startsAt, expiresAt, originalUrl, utm } = row
  if (columns.startsAt || columns.expiresAt) {
    if (startsAt !== null && expiresAt !== null && startsAt >= expiresAt)
      throw timesReversed(columns.startsAt ? 'starts_at' : 'expires_at')
  }
  if (utm !== null && (columns.utm || columns.originalUrl)) {
    const location = withParameters(toLocation(originalUrl), toUtmQuery(utm))
    if (location.length > MAX_LOCATION_BYTES) throw utmTooLong(columns.utm ? 'utm' : 'original_url')
  }
}

/**
 * Returns the fields of `change` that differ from the row, as events and as columns. Throws INPUT_INVALID.
 */
export function differences(old: UrlRow, change: UrlChange): Difference[] {
  return CHANGEABLE.flatMap((field) => {
    const name = inputName(field)
    const value = readField(field, change)
    const columns = { [field.column]: value } as UrlColumns
    const isSame = () => isDeepStrictEqual(storedValue(field, columns), storedValue(field, old))
    if (value === undefined || isSame()) return []
    const sent = change[name as keyof UrlChange]
    return [{ field: name, new_value: field.secret && sent !== null ? NOT_RECORDED : sent, columns }]
  })
}

/** Replaces a value that events or the audit log do not record. */
const NOT_RECORDED = '(not recorded)'

/** Returns what the audit log records of a url: the fields that a client sets or may change. */
export function valuesOf(row: ChosenColumns): Record<string, unknown> {
  return Object.fromEntries(
    AUDITED.map((field) => {
      const value = storedValue(field, row)
      return [inputName(field), field.audit === 'value' || value === null ? value : NOT_RECORDED]
    })
  )
}

export function pick(values: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, values[key]]))
}

/**
 * Returns the column value that a client requests: undefined if absent, null for no value. Throws
 * INPUT_INVALID.
 */
function readField(field: LinkField, wanted: UrlDraft | UrlChange): unknown {
  const { name, type, initial, normalize } = field
  const value = (wanted as Record<string, unknown>)[inputName(field)]
  if (value === undefined) return undefined
  if (value === null) return initial ?? null
  if (normalize !== undefined) return normalize(value as never)
  if (type !== 'timestamptz' || typeof value !== 'string') return value
  const time = parseWireTime(value)
  if (!time) throw timeUnreadable(name)
  return time
}
