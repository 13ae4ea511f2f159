import { isDeepStrictEqual } from 'node:util'
import type { FastifyInstance, preSerializationHookHandler, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { isSafe } from '#platform/net/methods.ts'
import { suggest } from './nearest.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The record before the change, in wire form: clients send read-only fields back unchanged. */
    replaced?: object
  }
  interface FastifyContextConfig {
    /** Set by this plugin for routes whose responses may have `warnings`. */
    fields?: KnownFields
  }
}

type Fields = Record<string, unknown>

interface Shape {
  properties?: Fields
}

/** The fields that a route knows. */
interface KnownFields {
  /** Fields of the request body. */
  taken: readonly string[]
  /** Fields of the success responses, and their statuses. */
  shown: Fields
  statuses: readonly number[]
}

const MAX_WARNINGS = 20
const MAX_NAME = 64

/**
 * Finds the fields that routes take and return, for {@link nameIgnoredFields}. A route that takes and returns
 * a JSON object has `warnings` in its response, or the app does not start. Register it before the routes.
 */
async function ignoredFields(app: FastifyInstance) {
  app.addHook('onRoute', (route) => {
    const isWrite = [route.method].flat().some((method) => /^(POST|PUT|PATCH)$/.test(method))
    // A route without a body takes no fields, and the fields of a file are unknown.
    const { properties } = fieldsOf(route.schema?.body)
    const found = findSuccess(route)
    if (!isWrite || properties === undefined || found === undefined) return
    // The serializer would drop them.
    if (!Object.hasOwn(found.shown, 'warnings'))
      throw new Error(
        `The response of ${route.method} ${route.url} lacks warnings: see schema/shapes/answers.ts`
      )
    route.config = { ...route.config, fields: { taken: Object.keys(properties), ...found } }
  })
}

/**
 * Hook `preSerialization`: adds a warning for each ignored body field. Ignored are unknown fields, and
 * read-only fields whose value differs.
 */
export const nameIgnoredFields: preSerializationHookHandler = (request, reply, payload, done) => {
  const fields = isSafe(request.method) ? undefined : request.routeOptions.config.fields
  const isNamed = fields?.statuses.includes(reply.statusCode) === true
  const { body, replaced: old = {} } = request
  const warnings = isNamed ? warnOfIgnored(body, { ...fields, answer: payload as Fields, old }) : []
  done(null, warnings.length === 0 ? payload : addWarnings(payload as Fields, warnings))
}

/** The schema of a body; that of JSON if it has several content types. */
function fieldsOf(body: unknown = { properties: {} }): Shape {
  const { content } = body as { content?: Record<string, { schema: Shape }> }
  return content === undefined ? (body as Shape) : (content['application/json']?.schema ?? {})
}

/** The success responses that are JSON objects of one shape; undefined if the route has none. */
function findSuccess({ schema }: RouteOptions) {
  const successes = Object.entries((schema?.response ?? {}) as Record<string, Shape>).filter(
    ([status, { properties }]) => status.startsWith('2') && properties !== undefined
  )
  const shown = successes[0]?.[1].properties
  return shown && { statuses: successes.map(([status]) => Number(status)), shown }
}

/** Returns a warning for each ignored field of `body`. `old` is the record before the change. */
export function warnOfIgnored(
  body: unknown,
  { taken, shown, answer, old }: Omit<KnownFields, 'statuses'> & { answer: object; old: object }
): string[] {
  const known = [answer, old] as Fields[]
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return []
  return Object.entries(body)
    .filter(([name]) => !taken.includes(name) && name !== 'warnings')
    .filter(([name, value]) => !known.some((record) => isDeepStrictEqual(value, record[name])))
    .slice(0, MAX_WARNINGS)
    .map(([name]) =>
      Object.hasOwn(shown, name)
        ? `${name} is read-only here and was ignored`
        : `${name.slice(0, MAX_NAME)} is not a field of this route and was ignored; ${suggest(name, taken)}`
    )
}

function addWarnings(answer: Fields, more: string[]): Fields {
  const { warnings = [] } = answer as { warnings?: string[] }
  return { ...answer, warnings: [...warnings, ...more] }
}

export default fp(ignoredFields, { name: 'ignored-fields', dependencies: ['errors'], fastify: '5.x' })
