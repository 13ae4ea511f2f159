import { Ajv, type ValidateFunction } from 'ajv'

/** The server's own description of itself (OpenAPI 3.1), as far as the fuzz needs it. */

interface Schema {
  properties?: Record<string, { examples?: unknown[] }>
}

interface Content {
  content?: Record<string, { schema: Schema }>
}

export interface Document {
  paths: Record<
    string,
    Record<
      string,
      {
        parameters?: { name: string; in: string }[]
        requestBody?: Content
        responses: Record<string, Content>
      }
    >
  >
}

/** A method of a path, and what is said of it. */
export interface Operation {
  /** `POST /users`. */
  name: string
  method: string
  /** With its parts between slashes; `{id}` stands for a parameter. */
  path: string
  /** What a request to it looks like. */
  pattern: RegExp
  query: string[]
  /** Content types of the body. */
  types: string[]
  /** The members of a JSON body, each with an example where there is one. */
  members: Map<string, unknown>
  /** The shapes of its answers by status. */
  answers: Map<number, ValidateFunction>
}

export function readOperations({ paths }: Document): Operation[] {
  const ajv = new Ajv({ strict: false })
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([verb, { parameters = [], requestBody, responses }]): Operation => {
      const method = verb.toUpperCase()
      const body = requestBody?.content ?? {}
      const members = Object.entries(body['application/json']?.schema.properties ?? {})
      const shapes = Object.entries(responses).flatMap(([status, { content }]) => {
        const schema = content?.['application/json']?.schema
        return schema ? [[Number(status), ajv.compile(schema)] as const] : []
      })
      return {
        name: `${method} ${path}`,
        method,
        path,
        pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/?]+')}/?(\\?|$)`),
        query: parameters.filter((one) => one.in === 'query').map(({ name }) => name),
        types: Object.keys(body),
        members: new Map(members.map(([name, { examples }]) => [name, examples?.[0] ?? 1])),
        answers: new Map(shapes)
      }
    })
  )
}
