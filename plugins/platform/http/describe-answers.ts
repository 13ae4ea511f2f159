import type { FastifySchema, RouteOptions } from 'fastify'
import type { Access } from '#platform/access/index.ts'
import { isSafe } from '#platform/net/methods.ts'
import { http } from '#platform/net/node-http.ts'
import type { ProblemKind } from '#platform/problem/problem.ts'
import { Problem } from '#schema/shapes/problem.ts'

declare module 'fastify' {
  interface FastifySchema {
    /** Codes of the route's own problems; the description adds those of the platform. */
    problems?: readonly string[]
  }
  interface FastifyContextConfig {
    /** Responses by status of a route without a response schema, which would serialize each response. */
    answers?: Record<number, object>
  }
}

type Answers = Record<string, object>

/** Adds headers that a hook sets to a response that the route describes. */
export function describeHeader(route: RouteOptions, status: number, headers: object): void {
  const response = route.schema?.response as Record<number, { headers?: object }> | undefined
  const answer = response?.[status]
  if (answer === undefined) return
  const described = { ...answer, headers: { ...answer.headers, ...headers } }
  route.schema = { ...route.schema, response: { ...response, [status]: described } }
}

/**
 * Builds the OpenAPI responses of a route: those it declares, and each problem of the route and the platform
 * by code. Clients are generated from them. apps/acceptance/hostile-input.test.ts fails on undescribed ones.
 */
export function describeAnswers(
  schema: FastifySchema,
  route: RouteOptions,
  mode: Access['mode'],
  problems: readonly ProblemKind[]
): FastifySchema {
  const { problems: own = [], ...rest } = schema
  const codes = new Set([...platformProblems(schema, route, mode), ...own])
  const kinds = problems.filter(({ code }) => codes.delete(code))
  if (codes.size > 0) throw new Error(`${route.url} has problems that no errors.ts lists: ${[...codes]}`)
  const long = /:/.test(route.url) ? kinds.filter(({ code }) => code === 'REQUEST_MALFORMED') : []
  const refusals: Answers = {}
  for (const [status, ones] of [...Map.groupBy(kinds, ({ status }) => status), [414, long] as const])
    if (ones.length > 0) refusals[status] = describeProblems(status, ones, route, mode)
  const response: Answers = {
    ...refusals,
    ...route.config?.answers,
    ...(schema.response as Answers | undefined)
  }
  const { 201: created } = response
  if (route.config?.location !== undefined && created) response[201] = { ...created, headers: LOCATION }
  const described = Object.entries(response).map(([status, answer]) => [
    status,
    isProblem(answer) ? refusals[status] : describeSuccess(status, answer)
  ])
  return { ...rest, response: Object.fromEntries(described) }
}

/** True for the refusals that hooks add; they are described here by their codes. */
function isProblem(answer: object): boolean {
  return answer === Problem || 'application/problem+json' in ((answer as { content?: object }).content ?? {})
}

function describeSuccess(status: string, answer: object): object {
  const {
    type,
    headers,
    content,
    description = http.STATUS_CODES[status]
  } = answer as Record<string, unknown>
  if (type === 'null') return { type, description, headers }
  // Description and headers belong to the response, not to its schema, which other responses share.
  const { headers: _, ...schema } = answer as Record<string, unknown>
  return { description, headers, content: content ?? { 'application/json': { schema } } }
}

const isWrite = ({ method }: RouteOptions) => ![method].flat().every(isSafe)

const LOCATION = { Location: { type: 'string', description: 'The path of what was created' } }

/** The codes of the platform's problems on a route of this kind. */
function platformProblems(schema: FastifySchema, route: RouteOptions, mode: Access['mode']): string[] {
  const { url, config = {} } = route
  const { access, hot = false, idempotency, query } = config
  const isPublic = access === 'public'
  const isProbe = url.startsWith('/health')
  const hasInput = schema.querystring ?? schema.headers ?? schema.body
  const rules: [boolean, string[]][] = [
    [true, ['REQUEST_MALFORMED', 'HOST_UNUSABLE']],
    [mode === 'keys' && !isPublic, ['CREDENTIALS_MISSING', 'CREDENTIALS_INVALID']],
    [mode === 'keys' && !isPublic && access !== 'signed-in', ['SCOPE_MISSING']],
    [isWrite(route), ['ORIGIN_REFUSED', 'BODY_MALFORMED', 'BODY_TOO_LARGE', 'CONTENT_TYPE_UNSUPPORTED']],
    [isWrite(route), ['CONTENT_ENCODING_UNSUPPORTED', 'CHARSET_UNSUPPORTED']],
    [url.includes(':') && !hot, ['NOT_FOUND']],
    [!hot && (hasInput !== undefined || query !== 'any'), ['INPUT_INVALID', 'VALUE_NOT_STORABLE']],
    [hot || !isPublic || config.limit !== undefined, ['RATE_LIMITED']],
    [!hot && (!isPublic || isWrite(route)), ['OVERLOADED']],
    [!hot && !isProbe, ['DATABASE_UNAVAILABLE']],
    [
      idempotency === 'kept',
      ['IDEMPOTENCY_KEY_IN_USE', 'IDEMPOTENCY_KEY_REUSED', 'IDEMPOTENCY_ANSWER_ERASED']
    ],
    [route.method === 'POST' && idempotency === undefined, ['IDEMPOTENCY_KEY_UNSUPPORTED']]
  ]
  return rules.flatMap(([applies, codes]) => (applies ? codes : []))
}

const CHALLENGE = {
  'WWW-Authenticate': {
    type: 'string',
    description: 'What is missing (RFC 6750, section 3)',
    examples: ['Bearer realm="Fairlead", error="invalid_token"']
  }
}

/** Headers of refusals by status. */
const HEADERS: Record<number, Answers> = {
  401: CHALLENGE,
  403: CHALLENGE,
  412: { ETag: { type: 'string', description: 'The entity tag of the current version' } },
  429: {
    'Retry-After': { type: 'integer', description: 'Seconds until there is room again' },
    RateLimit: { type: 'string', description: 'What is left: `"create";r=0;t=12`' },
    'RateLimit-Policy': { type: 'string', description: 'The limit: `"create";q=300;w=60`' }
  },
  503: { 'Retry-After': { type: 'integer', description: 'Seconds until a retry makes sense' } }
}

/** The response of one status with its problems; some routes send pages instead (error-page.ts). */
function describeProblems(
  status: number,
  kinds: readonly ProblemKind[],
  { config }: RouteOptions,
  mode: Access['mode']
): object {
  const isChallenge = status === 401 || status === 403
  const isAuthenticated = mode === 'keys' && config?.access !== 'public'
  const headers = (isChallenge ? !isAuthenticated : config?.hot) ? undefined : HEADERS[status]
  const examples = kinds.map(({ code }) => [code, { $ref: `#/components/examples/${code}` }])
  return {
    description: kinds.map(({ code, title }) => `\`${code}\`: ${title}`).join('. '),
    ...(headers && { headers }),
    content: {
      'application/problem+json': { schema: Problem, examples: Object.fromEntries(examples) },
      ...((config?.hot || config?.sendsPages) && { 'text/html': { schema: { type: 'string' } } })
    }
  }
}
