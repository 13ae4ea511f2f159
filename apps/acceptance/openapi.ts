import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { resolveRefs } from '#testing/resolve-refs.ts'

/** Reads the server's OpenAPI 3.1 description as far as the tests of hostile input need it. */

interface Schema {
  type?: string | string[]
  properties?: Record<string, Schema & { examples?: unknown[] }>
}

interface Content {
  content?: Record<string, { schema: Schema; examples?: object }>
}

interface Parameter {
  name: string
  in: string
}

export interface Document {
  paths: Record<
    string,
    Record<string, { parameters?: Parameter[]; requestBody?: Content; responses: Record<string, Content> }>
  >
}

/** A method of a path, with its description. */
export interface Operation {
  /** `POST /users`. */
  name: string
  method: string
  /** The path with parameters as `{id}`. */
  path: string
  /** Matches the target of a request. */
  pattern: RegExp
  query: string[]
  headers: string[]
  /** Content types of the body. */
  types: string[]
  /** The members of a JSON body, each with an example if there is one. */
  members: Map<string, unknown>
  /** Answers by status: their content types, each with a validator. Empty for an answer without a body. */
  answers: Map<number, Map<string, ValidateFunction>>
  /** The codes of its problems, by status. */
  codes: Map<number, string[]>
}

/** Returns the operations in order of precedence: literal paths before those with parameters. */
export function readOperations(document: Document): Operation[] {
  const { paths } = resolveRefs(document)
  const ajv = new Ajv({ strict: false })
  addFormats.default(ajv)
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([verb, { parameters = [], requestBody, responses }]): Operation => {
      const method = verb.toUpperCase()
      const body = requestBody?.content ?? {}
      const members = Object.entries(body['application/json']?.schema.properties ?? {})
      const named = (place: string) => parameters.filter((one) => one.in === place).map(({ name }) => name)
      return {
        name: `${method} ${path}`,
        method,
        path,
        pattern: patternOf(path),
        query: named('query'),
        headers: named('header'),
        types: Object.keys(body),
        members: new Map(members.map(([name, { examples }]) => [name, examples?.[0] ?? 1])),
        answers: new Map(
          Object.entries(responses).map(([status, { content = {} }]) => [
            Number(status),
            new Map(Object.entries(content).map(([type, { schema }]) => [type, ajv.compile(schema)]))
          ])
        ),
        codes: new Map(
          Object.entries(responses).map(([status, { content = {} }]) => [
            Number(status),
            Object.keys(content['application/problem+json']?.examples ?? {})
          ])
        )
      }
    })
  )
  const parametersOf = ({ path }: Operation) => path.split('{').length
  return operations.sort((one, other) => parametersOf(one) - parametersOf(other))
}

/**
 * Makes the pattern of a path. The router takes an empty parameter too; the last one is empty only before a
 * slash, because `/users/` is the list.
 */
function patternOf(path: string): RegExp {
  const literal = path.replaceAll('+', '[+]')
  const parameters = literal.replace(/\{\w+\}$/, '([^/?]+|(?=/))').replace(/\{\w+\}/g, '[^/?]*')
  return new RegExp(`^${parameters}/?(\\?|$)`)
}
