import type { ImportColumn } from '#plugins/imports/contract.ts'
import type { Url, UrlChange } from '#schema/shapes/url.ts'
import type { UrlRow } from '#schema/tables/urls.ts'

/** Names of the fields on the wire, in events, in the audit log, in files and in SQL. */
export type FieldName =
  | Exclude<keyof Url, 'short_url' | 'state' | 'warnings' | 'has_password' | 'visits_left'>
  | 'deleted_at'
  | 'password_version'
  | 'visits_used'

/** A field of a link (fields.ts). */
export interface LinkField {
  /** Its key in a row. */
  column: Exclude<keyof UrlRow, 'version'>
  name: FieldName
  type: 'bigint' | 'integer' | 'smallint' | 'text' | 'boolean' | 'timestamptz' | 'jsonb' | 'text[]'
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
  erased?: string | null | readonly string[]
  /**
   * The wire names of a secret. What a client sends is neither shown nor recorded, and the column holds a
   * stand-in that differs for each value; answers show whether there is one.
   */
  secret?: { setAs: keyof UrlChange; shownAs: keyof Url }
  /** Redirects depend on the field, so their cache entries hold it. */
  isCached?: true
  /** Only exports and import files show the field. */
  isHidden?: true
  /**
   * The column of the field in import files. Without a limit here, a text is at most as long as in the shape.
   */
  file?: Partial<Omit<ImportColumn, 'name' | 'type' | 'refuse'>>
}
