import type { ApiError } from '#apps/client/api-error.ts'
import { parseWire, toWire } from '#dashboard/core/format.ts'
import { fromLocal, toLocal } from '#dashboard/core/zone.ts'
import { UrlChange } from '#schema/shapes/url.ts'
import { CHANGE_DEFAULTS } from '#schema/shapes/url-codes.ts'
import { completeAddress, isAddress } from './address.ts'

/** The fields of the editor, read from the shape of a change: a new field needs no code here. */

export type FieldName = keyof UrlChange
export type Kind =
  | 'flag'
  | 'time'
  | 'address'
  | 'choice'
  | 'number'
  | 'secret'
  | 'words'
  | 'line'
  | 'paragraph'

/** A value as its control holds it. */
export type Value = string | boolean

/** The values by the path of their field: `utm.source` is a part of `utm`. */
export type Draft = Readonly<Record<string, Value>>

interface Schema {
  type: string | string[]
  format?: string
  maxLength?: number
  minimum?: number
  enum?: (string | number | null)[]
  writeOnly?: boolean
  properties?: Record<string, Schema>
}

export interface Field {
  /** In a draft. */
  path: string
  name: FieldName
  /** The member of the field that this is; null if it is the whole. */
  part: string | null
  kind: Kind
  isNullable: boolean
  maxLength: number
  minimum: number | undefined
  /** Of a choice. */
  options: readonly string[]
}

/** Longer texts get a field of several lines. */
const LINE = 600

/** The value of a secret that is set and not known here. */
export const KNOWN_SECRET = '••••••••'

/** The fields of a shape, in its order. */
export function readFields(properties: Record<string, Schema>): Field[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const parts = Object.entries(schema.properties ?? {})
    if (parts.length === 0) return [toField(name as FieldName, null, schema)]
    return parts.map(([part, inner]) => toField(name as FieldName, part, inner))
  })
}

function toField(name: FieldName, part: string | null, schema: Schema): Field {
  const types = [schema.type].flat()
  return {
    path: part === null ? name : `${name}.${part}`,
    name,
    part,
    kind: kindOf(schema, types),
    isNullable: types.includes('null'),
    maxLength: schema.maxLength ?? Number.MAX_SAFE_INTEGER,
    minimum: schema.minimum,
    options: (schema.enum ?? []).filter((option) => option !== null).map(String)
  }
}

function kindOf({ format, maxLength = 0, writeOnly, enum: options }: Schema, types: string[]): Kind {
  if (options !== undefined) return 'choice'
  if (types.includes('boolean')) return 'flag'
  if (types.includes('integer')) return 'number'
  if (types.includes('array')) return 'words'
  if (writeOnly) return 'secret'
  if (format === 'wire-time') return 'time'
  if (format === 'target-url') return 'address'
  return maxLength > LINE ? 'paragraph' : 'line'
}

export const FIELDS: readonly Field[] = readFields(UrlChange.properties as unknown as Record<string, Schema>)

/** The values of parameters that no link has. */
const defaults: Readonly<Record<string, unknown>> = CHANGE_DEFAULTS

/** Returns the draft of a link. A secret is known by `has_` and its name. */
export function toDraft(values: object): Draft {
  const all = values as Record<string, unknown>
  return Object.fromEntries(FIELDS.map((field) => [field.path, toValue(field, all)]))
}

function toValue({ name, part, kind }: Field, values: Record<string, unknown>): Value {
  if (kind === 'secret') return values[`has_${name}`] === true ? KNOWN_SECRET : ''
  const whole = values[name] ?? null
  const value = part === null || whole === null ? whole : ((whole as Record<string, unknown>)[part] ?? null)
  if (kind === 'flag') return (value ?? defaults[name] ?? false) === true
  if (value === null) return ''
  if (kind === 'words') return (value as string[]).join(', ')
  return kind === 'time' ? toLocal(parseWire(String(value))) : String(value)
}

export type FieldError =
  | { kind: 'required' | 'notUrl' | 'notNumber' }
  | { kind: 'tooLong' | 'tooSmall'; limit: number }

/** The first reason for which the server would refuse the value; undefined if there is none. */
export function findError(field: Field, value: Value = ''): FieldError | undefined {
  const { kind, isNullable, maxLength, minimum = -Infinity } = field
  if (typeof value === 'boolean') return undefined
  if (value.trim() === '') return isNullable ? undefined : { kind: 'required' }
  if ([...value].length > maxLength) return { kind: 'tooLong', limit: maxLength }
  if (kind === 'number') {
    if (!/^-?\d+$/.test(value.trim())) return { kind: 'notNumber' }
    return Number(value) < minimum ? { kind: 'tooSmall', limit: minimum } : undefined
  }
  return kind === 'address' && !isAddress(completeAddress(value.trim())) ? { kind: 'notUrl' } : undefined
}

/**
 * The fields in which `draft` differs from `before`, in their wire format. A field with parts is sent whole.
 */
export function toChange(before: Draft, draft: Draft): UrlChange {
  const change: Record<string, unknown> = {}
  for (const { name, path } of FIELDS) {
    if (draft[path] === before[path]) continue
    const members = FIELDS.filter((field) => field.name === name)
    const [only] = members
    change[name] = only?.part === null ? toWireValue(only, draft) : toObject(members, draft)
  }
  return change
}

function toObject(members: readonly Field[], draft: Draft): Record<string, unknown> | null {
  const entries = members.map((field) => [field.part, toWireValue(field, draft)] as const)
  const set = entries.filter(([, value]) => value !== null)
  return set.length === 0 ? null : Object.fromEntries(set)
}

function toWireValue({ path, kind }: Field, draft: Draft): unknown {
  const value = draft[path] ?? ''
  if (typeof value === 'boolean') return value
  const trimmed = kind === 'paragraph' || kind === 'secret' ? value : value.trim()
  if (trimmed === '') return null
  if (kind === 'time') return toWire(fromLocal(trimmed))
  if (kind === 'words') return trimmed.split(/[\s,]*,[\s,]*/).filter((word) => word !== '')
  if (kind === 'number' || (kind === 'choice' && /^\d+$/.test(trimmed))) return Number(trimmed)
  return kind === 'address' ? completeAddress(trimmed) : trimmed
}

/** What the server says about single fields, under their paths. */
export function readFieldErrors({ errors }: ApiError): Record<string, string> {
  const known = errors.flatMap(({ path, message }) => {
    const given = path.replace(/^body[./]/, '').replaceAll('/', '.')
    const field =
      FIELDS.find((one) => one.path === given) ?? FIELDS.find(({ name }) => given.split('.', 1)[0] === name)
    return field ? [[field.path, message]] : []
  })
  return Object.fromEntries(known)
}
