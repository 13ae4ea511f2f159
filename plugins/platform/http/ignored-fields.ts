import { isDeepStrictEqual } from 'node:util'
import type { FastifyInstance, FastifyRequest, preSerializationHookHandler, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { isSafe } from '#platform/net/methods.ts'
import { Warnings } from '#schema/shapes/answers.ts'
import { describeAnswer } from './describe-answers.ts'
import { suggest } from './nearest.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What a change replaced, as the route presents it: clients send read-only fields back as they read them. */
    replaced?: object
  }
  interface FastifyContextConfig {
    /** Set by this plugin for routes whose answers may have `warnings`. */
    fields?: KnownFields
  }
}

type Fields = Record<string, unknown>

interface Shape {
  properties?: Fields
}

/** The fields that a route knows. */
interface KnownFields {
  /** Those of its body. */
  taken: readonly string[]
  /** Those of its answer of success, which has this status. */
  shown: Fields
  status: number
}

const MAX_WARNINGS = 20
const MAX_NAME = 64

/**
 * Adds `warnings` to the answers of routes that take and answer a JSON object, so that a shape is all that a
 * route declares; see {@link nameIgnoredFields}. Register it before the routes.
 */
async function ignoredFields(app: FastifyInstance) {
  app.addHook('onRoute', (route) => {
    const isWrite = [route.method].flat().some((method) => method === 'POST' || method === 'PUT')
    // A route without a body takes no fields, and a file has none that are known.
    const { properties } = fieldsOf(route.schema?.body)
    const found = findSuccess(route)
    if (!isWrite || properties === undefined || found === undefined) return
    const { status, answer, shown } = found
    describeAnswer(route, status, { ...answer, properties: { ...shown, warnings: Warnings } })
    route.config = { ...route.config, fields: { taken: Object.keys(properties), shown, status } }
  })
}

/**
 * Hook `preSerialization`: names in `warnings` of the answer what a body said without effect: fields that the
 * route does not take, and read-only ones (fields of the answer only) whose value differs.
 */
export const nameIgnoredFields: preSerializationHookHandler = (request, reply, payload, done) => {
  const fields = isSafe(request.method) ? undefined : request.routeOptions.config.fields
  const warnings = fields?.status === reply.statusCode ? warn(request, payload as Fields, fields) : []
  done(null, warnings.length === 0 ? payload : addWarnings(payload as Fields, warnings))
}

/** The shape of a body, as JSON where it has several content types. */
function fieldsOf(body: unknown = { properties: {} }): Shape {
  const { content } = body as { content?: Record<string, { schema: Shape }> }
  return content === undefined ? (body as Shape) : (content['application/json']?.schema ?? {})
}

/** The answer of success that is a JSON object; undefined when the route has none. */
function findSuccess({ schema }: RouteOptions) {
  for (const [status, answer] of Object.entries((schema?.response ?? {}) as Record<string, Shape>))
    if (status.startsWith('2') && answer.properties !== undefined)
      return { status: Number(status), answer, shown: answer.properties }
  return undefined
}

function warn({ body, replaced }: FastifyRequest, answer: Fields, { taken, shown }: KnownFields): string[] {
  const old = (replaced ?? {}) as Fields
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return []
  return Object.entries(body)
    .filter(([name]) => !taken.includes(name) && name !== 'warnings')
    .filter(
      ([name, value]) => !isDeepStrictEqual(value, answer[name]) && !isDeepStrictEqual(value, old[name])
    )
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
