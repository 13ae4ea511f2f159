import type { ApiError } from '#apps/client/api-error.ts'
import { parseWire, toWire } from '#dashboard/core/format.ts'
import { UrlChange } from '#schema/shapes/url.ts'
import { completeAddress, isAddress } from './address.ts'

/** The fields of the editor, read from the shape of a change: a new field needs no code here. */

export type FieldName = Exclude<
  keyof UrlChange,
  'redirect_status' | 'utm' | 'aliases' | 'user_id' | 'short_code' | 'keep_old_code'
>
export type Kind = 'flag' | 'time' | 'address' | 'line' | 'paragraph'

/** A value as its control holds it. */
export type Draft = Record<FieldName, string | boolean>

interface Schema {
  type: string | string[]
  format?: string
  maxLength?: number
}

export interface Field {
  name: FieldName
  kind: Kind
  isNullable: boolean
  maxLength: number
}

/** Longer texts get a field of several lines. */
const LINE = 600

/** The fields of a shape, in its order. */
export function readFields<Name extends string>(
  properties: Record<Name, Schema>
): (Omit<Field, 'name'> & { name: Name })[] {
  return (Object.entries(properties) as [Name, Schema][]).map(([name, schema]) => {
    const types = [schema.type].flat()
    return {
      name,
      kind: kindOf(schema, types),
      isNullable: types.includes('null'),
      maxLength: schema.maxLength ?? Number.MAX_SAFE_INTEGER
    }
  })
}

const {
  redirect_status: _,
  utm: __,
  aliases: ___,
  user_id: ____,
  short_code: _____,
  keep_old_code: ______,
  ...EDITED
} = UrlChange.properties

export const FIELDS: readonly Field[] = readFields(EDITED as unknown as Record<FieldName, Schema>)

function kindOf({ format, maxLength = 0 }: Schema, types: string[]): Kind {
  if (types.includes('boolean')) return 'flag'
  if (format === 'wire-time') return 'time'
  if (format === 'target-url') return 'address'
  return maxLength > LINE ? 'paragraph' : 'line'
}

/** `datetime-local` has the browser's zone, no seconds unless they are set, and years without a sign. */
function toLocal(wire: string): string {
  const date = parseWire(wire)
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, -8).replace(/^\+0*/, '')
}

export function toDraft(values: Partial<Record<FieldName, string | boolean | null>>): Draft {
  const entries = FIELDS.map(({ name, kind }) => {
    const value = values[name] ?? (kind === 'flag' ? false : '')
    return [name, kind === 'time' && typeof value === 'string' && value !== '' ? toLocal(value) : value]
  })
  return Object.fromEntries(entries)
}

export type FieldError = { kind: 'required' | 'notUrl' } | { kind: 'tooLong'; limit: number }

/** The first reason for which the server would refuse the value; undefined if there is none. */
export function findError(
  { kind, isNullable, maxLength }: Field,
  value: string | boolean
): FieldError | undefined {
  if (typeof value === 'boolean') return undefined
  if (value.trim() === '') return isNullable ? undefined : { kind: 'required' }
  if ([...value].length > maxLength) return { kind: 'tooLong', limit: maxLength }
  return kind === 'address' && !isAddress(completeAddress(value.trim())) ? { kind: 'notUrl' } : undefined
}

/** The fields in which `draft` differs from `before`, in their wire format. */
export function toChange(before: Draft, draft: Draft): UrlChange {
  const entries = FIELDS.flatMap(({ name, kind }): [string, string | boolean | null][] => {
    const value = draft[name]
    if (value === before[name]) return []
    if (typeof value === 'boolean') return [[name, value]]
    const trimmed = kind === 'paragraph' ? value : value.trim()
    if (trimmed === '') return [[name, null]]
    if (kind === 'time') return [[name, toWire(new Date(trimmed))]]
    return [[name, kind === 'address' ? completeAddress(trimmed) : trimmed]]
  })
  return Object.fromEntries(entries)
}

/** What the server says about single fields, under their names. */
export function readFieldErrors({ errors }: ApiError): Partial<Record<FieldName, string>> {
  const known = errors.flatMap(({ path, message }) => {
    const field = FIELDS.find(({ name }) => name === path.replace(/^body[./]/, ''))
    return field ? [[field.name, message]] : []
  })
  return Object.fromEntries(known)
}
