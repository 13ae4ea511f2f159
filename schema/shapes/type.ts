import type { Type as TypeBox } from 'typebox'

/**
 * Replacements for the TypeBox builders that the shapes use. They return the same JSON Schema with TypeBox's
 * own types, but load nothing: TypeBox's 370 modules take 23 MiB of memory and 0.2 s of each start.
 * type.test.ts compares both.
 */
export type { Static, TSchema } from 'typebox'

type Schema = Record<string, unknown>

/** Where TypeBox marks a schema as optional. Hidden, because JSON Schema has no such keyword. */
const OPTIONAL = '~optional'

const create = (keyword: Schema) => (options?: Schema) => ({ ...keyword, ...options })
const markOptional = (schema: Schema) => Object.defineProperty({ ...schema }, OPTIONAL, { value: true })

function createObject(properties: Record<string, Schema>, options?: Schema): Schema {
  const required = Object.keys(properties).filter((name) => !(OPTIONAL in (properties[name] ?? {})))
  return { type: 'object', ...(required.length > 0 && { required }), properties, ...options }
}

export const Type = {
  Array: (items: Schema, options?: Schema) => ({ type: 'array', items, ...options }),
  Boolean: create({ type: 'boolean' }),
  Enum: (values: readonly string[], options?: Schema) => ({ enum: values, ...options }),
  Integer: create({ type: 'integer' }),
  Literal: (value: string, options?: Schema) => ({ type: typeof value, const: value, ...options }),
  Null: create({ type: 'null' }),
  Number: create({ type: 'number' }),
  Object: createObject,
  Optional: markOptional,
  String: create({ type: 'string' }),
  Unsafe: (schema: Schema) => schema
} as unknown as Pick<
  typeof TypeBox,
  | 'Array'
  | 'Boolean'
  | 'Enum'
  | 'Integer'
  | 'Literal'
  | 'Null'
  | 'Number'
  | 'Object'
  | 'Optional'
  | 'String'
  | 'Unsafe'
>
