/**
 * Writes TypeScript types of JSON Schemas. The shapes' own types are those of TypeBox, which users of the
 * package do not have. Handles the keywords that schema/shapes/type.ts makes, and throws for others.
 */

export interface JsonSchema {
  type?: string | string[]
  enum?: readonly string[]
  const?: unknown
  title?: string
  description?: string
  items?: JsonSchema
  properties?: Record<string, JsonSchema>
  required?: string[]
}

/** Returns a declaration of each schema, by name, and of the named schemas in them. */
export function writeTypes(schemas: ReadonlyMap<string, JsonSchema>): string {
  const declared = new Map(schemas)
  const texts: string[] = []
  // The map grows while it is read.
  for (const [name, schema] of declared) texts.push(`export interface ${name} ${writeObject(schema, '')}\n`)
  return texts.join('\n')

  function writeObject({ properties = {}, required = [] }: JsonSchema, indent: string): string {
    const lines = Object.entries(properties).map(([name, schema]) => {
      const comment = schema.description
        ? `${indent}  /** ${schema.description.replaceAll('*/', '* /')} */\n`
        : ''
      const mark = required.includes(name) ? '' : '?'
      return `${comment}${indent}  ${name}${mark}: ${writeType(schema, `${indent}  `)}\n`
    })
    return `{\n${lines.join('')}${indent}}`
  }

  function writeType(schema: JsonSchema, indent: string): string {
    if (schema.const !== undefined) return JSON.stringify(schema.const)
    if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
    const types = [schema.type ?? []].flat()
    if (types.length === 0) throw new Error(`There is no type for ${JSON.stringify(schema)}`)
    return types.map((type) => writeOne(type, schema, indent)).join(' | ')
  }

  function writeOne(type: string, schema: JsonSchema, indent: string): string {
    if (type === 'integer' || type === 'number') return 'number'
    if (type === 'string' || type === 'boolean' || type === 'null') return type
    if (type === 'array' && schema.items) {
      const item = writeType(schema.items, indent)
      return item.includes(' | ') ? `(${item})[]` : `${item}[]`
    }
    if (type !== 'object') throw new Error(`There is no type for ${JSON.stringify(schema)}`)
    if (schema.properties === undefined) return 'Record<string, unknown>'
    if (schema.title === undefined) return writeObject(schema, indent)
    declared.set(schema.title, schema)
    return schema.title
  }
}
