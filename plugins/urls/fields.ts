import type { ImportColumn } from '#plugins/imports/contract.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { Url } from '#schema/shapes/url.ts'
import { UTM_NAMES, type Utm } from '#schema/shapes/utm.ts'
import type { UrlRow } from '#schema/tables/urls.ts'

/** Names of the fields on the wire, in events, in the audit log, in files and in SQL. */
export type FieldName = Exclude<keyof Url, 'short_url' | 'state' | 'warnings'> | 'deleted_at'

export interface LinkField {
  /** Its key in a row. */
  column: Exclude<keyof UrlRow, 'version'>
  name: FieldName
  type: 'bigint' | 'smallint' | 'text' | 'boolean' | 'timestamptz' | 'jsonb' | 'text[]'
  /** When a client may set the field: only on creation, or on any change too. The server sets the others. */
  setOn?: 'creation' | 'change'
  /** The value in a link created without this field, or set to null; null if undefined. */
  initial?: boolean | number | readonly string[]
  /** Converts what a client sends, which has the field's shape and is not null. */
  normalize?(value: never): unknown
  /**
   * What the address of a target may be. `original_url` and others like it must not lead to this server, nor
   * to hosts that are refused.
   */
  isTarget?: true
  /** What the audit log records: the value, or only whether there is one. Nothing if undefined. */
  audit?: 'value' | 'presence'
  /** The value after the owner is erased. Unchanged if undefined. */
  erased?: string | null
  /** Redirects depend on the field, so their cache entries hold it. */
  isCached?: true
  /** Only exports and import files show the field. */
  isHidden?: true
  /**
   * The column of the field in import files. Without a limit here, a text is at most as long as in the shape.
   */
  file?: Partial<Omit<ImportColumn, 'name' | 'type' | 'refuse'>>
}

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
  { column: 'updatedAt', name: 'updated_at', type: 'timestamptz', file: { isMade: true } },
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

/** Returns the value of a field in its wire format. */
export function presentField({ column }: LinkField, row: Partial<UrlRow>): unknown {
  const value = row[column]
  return value instanceof Date ? wireTime(value) : value
}

/** Orders the parameters, and leaves out those without a value. Null if none is left. */
function normalizeUtm(utm: Partial<Record<keyof Utm, string | null>>): Utm | null {
  const set = UTM_NAMES.flatMap((name) => (utm[name] == null ? [] : [[name, utm[name]]]))
  return set.length === 0 ? null : Object.fromEntries(set)
}
