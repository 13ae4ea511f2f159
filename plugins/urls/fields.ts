import { toTagNames } from '#schema/shapes/tag.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import type { FieldName, LinkField } from './link-field.ts'
import { drawVersion } from './passwords.ts'
import { normalizeUtm } from './utm.ts'

const list = [
  { column: 'id', name: 'id', type: 'bigint', isCached: true, file: { isMade: true } },
  {
    column: 'userId',
    name: 'user_id',
    type: 'bigint',
    setOn: 'change',
    audit: 'value',
    isCached: true,
    file: { refersTo: 'users' }
  },
  {
    column: 'shortCode',
    name: 'short_code',
    type: 'text',
    setOn: 'change',
    audit: 'value',
    isCached: true,
    file: { isMade: true }
  },
  {
    column: 'originalUrl',
    name: 'original_url',
    type: 'text',
    setOn: 'change',
    audit: 'value',
    // RFC 2606, section 2: this domain never resolves.
    erased: 'https://erased.invalid/',
    isTarget: true,
    isCached: true,
    file: { isRequired: true }
  },
  {
    column: 'title',
    name: 'title',
    type: 'text',
    setOn: 'change',
    audit: 'value',
    erased: null,
    // Other systems allow longer titles than this API.
    file: { maxLength: 4_096 }
  },
  {
    column: 'isActive',
    name: 'is_active',
    type: 'boolean',
    setOn: 'change',
    initial: true,
    audit: 'value',
    isCached: true,
    file: { isMade: true }
  },
  { column: 'createdAt', name: 'created_at', type: 'timestamptz', file: { isMade: true } },
  { column: 'updatedAt', name: 'updated_at', type: 'timestamptz', file: { isMade: true, isVolatile: true } },
  {
    column: 'expiresAt',
    name: 'expires_at',
    type: 'timestamptz',
    setOn: 'change',
    audit: 'value',
    isCached: true,
    file: { isExtra: true }
  },
  {
    column: 'deletedAt',
    name: 'deleted_at',
    type: 'timestamptz',
    isCached: true,
    isHidden: true,
    file: { isExtra: true }
  },
  {
    column: 'note',
    name: 'note',
    type: 'text',
    setOn: 'change',
    audit: 'presence',
    erased: null,
    file: { isExtra: true }
  },
  {
    column: 'startsAt',
    name: 'starts_at',
    type: 'timestamptz',
    setOn: 'change',
    audit: 'value',
    isCached: true,
    file: { isExtra: true }
  },
  {
    column: 'expiredUrl',
    name: 'expired_url',
    type: 'text',
    setOn: 'change',
    audit: 'value',
    erased: null,
    isTarget: true,
    isCached: true,
    file: { isExtra: true }
  },
  {
    column: 'redirectStatus',
    name: 'redirect_status',
    type: 'smallint',
    setOn: 'change',
    initial: 302,
    audit: 'value',
    isCached: true,
    file: { isExtra: true }
  },
  {
    column: 'forwardQuery',
    name: 'forward_query',
    type: 'boolean',
    setOn: 'change',
    initial: false,
    audit: 'value',
    isCached: true,
    file: { isExtra: true }
  },
  {
    column: 'utm',
    name: 'utm',
    type: 'jsonb',
    setOn: 'change',
    audit: 'value',
    erased: null,
    normalize: normalizeUtm,
    isCached: true,
    file: { isExtra: true }
  },
  {
    column: 'passwordVersion',
    name: 'password_version',
    secret: { setAs: 'password', shownAs: 'has_password' },
    type: 'integer',
    setOn: 'change',
    audit: 'presence',
    erased: null,
    normalize: drawVersion,
    isCached: true,
    // A link that a file brings stays closed until it gets a new password.
    file: { isExtra: true }
  },
  {
    column: 'maxVisits',
    name: 'max_visits',
    type: 'bigint',
    setOn: 'change',
    audit: 'value',
    isCached: true,
    file: { isExtra: true }
  },
  {
    column: 'visitsUsed',
    name: 'visits_used',
    type: 'bigint',
    initial: 0,
    isCached: true,
    isHidden: true,
    file: { isExtra: true, isVolatile: true, stored: 'nullif(visits_used, 0)' }
  },
  {
    column: 'tags',
    name: 'tags',
    type: 'text[]',
    setOn: 'change',
    initial: [],
    audit: 'value',
    erased: [],
    normalize: toTagNames,
    file: { isExtra: true }
  },
  {
    column: 'aliases',
    name: 'aliases',
    type: 'text[]',
    setOn: 'change',
    initial: [],
    audit: 'value',
    file: { isExtra: true, stored: "nullif(array_to_string(aliases, '|'), '')" }
  }
] as const satisfies readonly LinkField[]

/**
 * The fields of a link, in the order of the wire format. Creation, changes, answers, events, the audit log,
 * files, exports, erasure and the cache entries of redirects derive from this list. A field is a column, a
 * shape and an entry here.
 */
export const FIELDS: readonly LinkField[] = list

/** The fields that answers show. */
export const SHOWN = FIELDS.filter(({ isHidden }) => !isHidden)

/** The columns that a client sets when it creates a link. */
export type ChosenColumns = Pick<UrlRow, Extract<(typeof list)[number], { setOn: string }>['column']>

/** The columns in the cache entry of a redirect. */
export type CachedColumn = Extract<(typeof list)[number], { isCached: true }>['column']

/** The columns that change after the creation. */
export type UrlColumns = Partial<Omit<UrlRow, 'id' | 'version'>>

/** Returns the targets that a client sends, with the names of their fields. */
export function targetsOf(wanted: object): { name: FieldName; column: keyof UrlColumns; url: string }[] {
  return FIELDS.flatMap(({ name, column, isTarget }) => {
    const url = (wanted as Record<string, unknown>)[name]
    return isTarget && typeof url === 'string' ? [{ name, column: column as keyof UrlColumns, url }] : []
  })
}

/** Returns the targets of a link. */
export function targetsOfRow(row: UrlRow): string[] {
  const targets = FIELDS.filter(({ isTarget }) => isTarget).map(({ column }) => row[column])
  return targets.filter((target) => typeof target === 'string')
}

/** The name of a field in requests, events and the audit log. */
export function inputName({ name, secret }: LinkField): string {
  return secret?.setAs ?? name
}

/** The name of a field in answers. */
export function shownName({ name, secret }: LinkField): string {
  return secret?.shownAs ?? name
}

/** Returns the value of a field in its wire format. */
export function presentField(field: LinkField, row: Partial<UrlRow>): unknown {
  const value = storedValue(field, row)
  return field.secret === undefined ? value : value !== null
}

/** Returns the value of a column, a time in its wire format. */
export function storedValue({ column }: LinkField, row: Partial<UrlRow>): unknown {
  const value = row[column]
  return value instanceof Date ? wireTime(value) : value
}
