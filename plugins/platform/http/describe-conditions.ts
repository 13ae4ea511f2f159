import type { FastifySchema, RouteOptions } from 'fastify'
import { isSafe } from '#platform/net/methods.ts'

const ETAG = {
  ETag: {
    type: 'string',
    description: 'The entity tag of this version, for If-Match and If-None-Match',
    examples: ['"7.9rYc3w"']
  }
}

const IF_MATCH = {
  type: 'string',
  description: 'Entity tags: the request has no effect and is answered 412 unless the record has one of them'
}
const IF_NONE_MATCH = {
  type: 'string',
  description: 'Entity tags: the answer is 304 without a body if the record has one of them'
}

/** Adds what a route with `config.entityTag` takes and sends (conditional.ts). */
export function describeConditions(schema: FastifySchema, { config, method }: RouteOptions): FastifySchema {
  const { entityTag } = config ?? {}
  if (entityTag === undefined) return schema
  const answers = Object.entries(
    (schema.response ?? {}) as Record<string, { type?: string; headers?: object }>
  )
  const tagged = answers.map(([status, answer]) =>
    answer.type === 'null'
      ? [status, answer]
      : [status, { ...answer, headers: { ...answer.headers, ...ETAG } }]
  )
  const response = Object.fromEntries(tagged)
  if (entityTag === 'sent') return { ...schema, response }
  const isRead = isSafe(String(method))
  const { properties = {} } = (schema.headers ?? {}) as { properties?: object }
  return {
    ...schema,
    headers: {
      type: 'object',
      properties: { ...properties, 'if-match': IF_MATCH, ...(isRead && { 'if-none-match': IF_NONE_MATCH }) }
    },
    response: {
      ...response,
      ...(isRead && { 304: { type: 'null', description: 'Unchanged', headers: ETAG } })
    },
    problems: [...(schema.problems ?? []), 'PRECONDITION_FAILED']
  }
}
