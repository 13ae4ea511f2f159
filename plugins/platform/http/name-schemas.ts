import { isDeepStrictEqual } from 'node:util'

/** Prepares the OpenAPI description for client generators: named schemas, and an example of each body. */

type Node = Record<string, unknown>

interface Described {
  components?: { schemas?: Record<string, unknown>; examples?: Record<string, unknown> }
  paths?: Record<string, unknown>
}

/**
 * Moves each schema with a `title` to `components.schemas` and replaces it by a reference. Adds an example to
 * each JSON or CSV body, and makes the operation ids of HEAD unique. `@fastify/swagger` calls it as its
 * `transformObject`.
 */
export function nameSchemas<Document>(
  document: { openapiObject: Document } | { swaggerObject: unknown }
): Document {
  const { openapiObject } = document as { openapiObject: Document }
  const described = openapiObject as Described
  const schemas: Record<string, Node> = {}
  for (const operations of Object.values((described.paths ?? {}) as Record<string, Node>)) {
    const { head } = operations as { head?: Node }
    if (head !== undefined) operations['head'] = { ...head, operationId: `${head['operationId']}Head` }
    for (const [method, operation] of Object.entries(operations))
      operations[method] = nameIn(addExamples(operation as Node), schemas)
  }
  // Drops examples of problems that no operation has.
  const text = JSON.stringify(described.paths)
  const examples = Object.entries(described.components?.examples ?? {}).filter(([code]) =>
    text.includes(`"#/components/examples/${code}"`)
  )
  described.components = { ...described.components, schemas, examples: Object.fromEntries(examples) }
  return openapiObject
}

/** A copy of `value` that refers to titled schemas, which are added to `schemas`. */
function nameIn(value: unknown, schemas: Record<string, Node>): unknown {
  if (Array.isArray(value)) return value.map((one) => nameIn(one, schemas))
  if (typeof value !== 'object' || value === null) return value
  const copy: Node = {}
  for (const [key, member] of Object.entries(value))
    copy[key] = /^examples?$/.test(key) ? member : nameIn(member, schemas)
  const { title } = copy
  if (typeof title !== 'string') return copy
  const { title: _, ...schema } = copy
  if (schemas[title] !== undefined && !isDeepStrictEqual(schemas[title], schema))
    throw new Error(`Two schemas are named ${title}`)
  schemas[title] = schema
  return { $ref: `#/components/schemas/${title}` }
}

function addExamples(operation: Node): Node {
  const { requestBody, responses } = operation as { requestBody?: Node; responses: Record<string, Node> }
  const bodies = [requestBody, ...Object.values(responses)] as { content?: Record<string, Node> }[]
  for (const { content = {} } of bodies.filter((body) => body !== undefined)) {
    for (const [type, media] of Object.entries(
      content as Record<string, { schema: Node; example?: unknown }>
    ))
      if (/^(application\/json|text\/csv)$/.test(type)) media.example ??= exampleOf(media.schema)
  }
  return operation
}

/** A valid value for `schema`: its example, or one composed of the examples of its parts. */
export function exampleOf(schema: Node): unknown {
  const {
    type,
    examples,
    const: constant,
    enum: choices,
    items,
    properties,
    required,
    minimum
  } = schema as {
    type?: string | string[]
    examples?: unknown[]
    const?: unknown
    enum?: unknown[]
    items?: Node
    properties?: Record<string, Node>
    required?: string[]
    minimum?: number
  }
  const given = examples?.[0] ?? constant ?? choices?.[0] ?? schema['default']
  if (given !== undefined) return given
  const kind = [type].flat()[0]
  if (kind === 'array') return items === undefined ? [] : [exampleOf(items)]
  if (kind === 'object')
    return Object.fromEntries(
      Object.entries(properties ?? {})
        // Optional arrays, such as warnings, are usually absent.
        .filter(([name, one]) => one['type'] !== 'array' || one['examples'] || required?.includes(name))
        .map(([name, one]) => [name, exampleOf(one)])
    )
  if (kind === 'integer' || kind === 'number') return minimum ?? 1
  return kind === 'boolean' ? true : kind === 'string' ? 'text' : null
}
