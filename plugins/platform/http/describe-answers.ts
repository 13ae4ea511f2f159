import type { FastifySchema, RouteOptions } from 'fastify'
import { isSafe } from '#platform/net/methods.ts'
import { http } from '#platform/net/node-http.ts'
import { Problem, problemAnswer } from '#schema/shapes/problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers by status of a route that may have no response schema, since each of its answers would be run through it. */
    answers?: Record<number, object>
  }
}

/**
 * What OpenAPI says of answers: what the route describes, what the platform refuses on any route of its kind, and every
 * refusal as what it is, `application/problem+json`. Clients are generated from it, and apps/acceptance/hostile-input.test.ts
 * fails on an answer that it does not have.
 */
export function describeAnswers(schema: FastifySchema | undefined, route: RouteOptions): FastifySchema {
  const refusals: Record<string, object> = refusalsOf(schema ?? {}, route)
  const own: Record<string, object> = {
    ...route.config?.answers,
    ...(schema?.response as object | undefined)
  }
  if (route.config?.location !== undefined && own[201]) own[201] = { ...own[201], headers: LOCATION }
  const named = Object.entries(own).map(([status, answer]) => [
    status,
    // What it is said to be in general is better than nothing.
    answer === Problem ? (refusals[status] ?? problemAnswer(http.STATUS_CODES[status] ?? 'Refused')) : answer
  ])
  return { ...schema, response: { ...refusals, ...Object.fromEntries(named) } }
}

/** Adds the answer of a hook to the description of a route that has one. */
export function describeAnswer(route: RouteOptions, status: number, answer: object): void {
  if (route.schema === undefined || route.schema.hide === true) return
  route.schema = { ...route.schema, response: { ...(route.schema.response as object), [status]: answer } }
}

/** Adds headers that a hook sets to the description of an answer that the route has. */
export function describeHeader(route: RouteOptions, status: number, headers: object): void {
  const answer = (route.schema?.response as Record<number, object> | undefined)?.[status]
  if (answer !== undefined) describeAnswer(route, status, { ...answer, headers })
}

const RETRY_AFTER = {
  'Retry-After': { type: 'integer', description: 'Seconds until trying again makes sense' }
}

const LOCATION = { Location: { type: 'string', description: 'The path of what was created' } }

const RATE_LIMITED = problemAnswer('The client made too many requests of the kind', {
  'Retry-After': { type: 'integer', description: 'Seconds until there is room again' },
  RateLimit: { type: 'string', description: 'What is left: `"create";r=0;t=12`' },
  'RateLimit-Policy': { type: 'string', description: 'The limit: `"create";q=300;w=60`' }
})

/** True for routes that count their requests: those that name a limit, and those with callers. */
function isLimited(config: RouteOptions['config']): boolean {
  return config?.limit !== undefined || (config?.access !== undefined && config.access !== 'public')
}

function refusalsOf(schema: FastifySchema, { method, url, config }: RouteOptions): Record<number, object> {
  const isWrite = ![method].flat().every(isSafe)
  const takesInput = (isWrite && schema.body) || schema.querystring || schema.headers
  const isProbe = url.startsWith('/health')
  return {
    400: problemAnswer('The request is malformed: its address, its Host header, or its body'),
    ...(url.includes(':') && {
      404: problemAnswer('There is no such thing, or none that the caller reaches'),
      414: problemAnswer('A part of the path is longer than anything here is named')
    }),
    ...(isWrite && {
      413: problemAnswer('The body is too large'),
      415: problemAnswer('The content type is not supported')
    }),
    ...(!config?.hot &&
      (takesInput || config?.query !== 'any') && {
        422: problemAnswer(
          takesInput ? 'The input is not valid; `errors` names the fields' : (http.STATUS_CODES[422] ?? '')
        )
      }),
    // Whether limits are on or not: clients are written once.
    ...(isLimited(config) && { 429: RATE_LIMITED }),
    ...(!isProbe && { 503: problemAnswer('The server, or what it stores in, is not available', RETRY_AFTER) })
  }
}
