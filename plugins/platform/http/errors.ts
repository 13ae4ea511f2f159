import type {
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchemaValidationError
} from 'fastify'
import fp from 'fastify-plugin'
import { databaseProblem } from '#platform/database/errors.ts'
import { problems } from '#platform/problem/errors.ts'
import { type FieldError, ProblemError } from '#platform/problem/problem.ts'
import { MAX_LOCATION_BYTES } from '#schema/shapes/location.ts'
import type { Problem } from '#schema/shapes/problem.ts'
import { MAX_TAG_LENGTH } from '#schema/shapes/tag.ts'
import { answerWhileDraining } from './drain-body.ts'
import { ANSWER_HEADERS } from './request-log.ts'
import { TIME_RANGE } from './wire-time.ts'

/**
 * Sends every error as an RFC 9457 problem: errors of capabilities, of Fastify and of the database. All
 * others are a bare 500, and the log has the whole error. Responses never contain stack traces or HTML.
 */
async function errors(app: FastifyInstance) {
  app.setErrorHandler(answerError)
}

/** Sends `error` as a problem, or with `send`. Also handles Fastify's `frameworkErrors`, before routing. */
export function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  send: typeof sendProblem = sendProblem
) {
  const problem = toProblem(error, request)
  if (problem.statusCode >= 500 && !problem.isExpected) {
    const level = problem.statusCode === 503 ? 'warn' : 'error'
    request.log[level]({ err: error, code: problem.code }, problem.title)
  }
  if (problem.retryAfter !== undefined) reply.header('retry-after', problem.retryAfter)
  if (problem.headers !== undefined) reply.headers(problem.headers)
  return send(problem, request, reply)
}

/** Sends `problem` with its status, the contract's extra members and the request id. */
export function sendProblem(problem: ProblemError, request: FastifyRequest, reply: FastifyReply) {
  // Routes without hooks, and router errors, lack the response headers (request-log.ts).
  if (!reply.hasHeader('x-request-id')) reply.headers({ ...ANSWER_HEADERS, 'x-request-id': request.id })
  // A stream that fails before its first byte leaves its Content-Encoding header behind.
  reply.removeHeader('content-encoding').code(problem.statusCode).type('application/problem+json')
  const answer = presentProblem(problem, request.url, request.id, request.server.publicPath)
  if (problem.statusCode !== 413 || request.raw.complete) return reply.serializer(JSON.stringify).send(answer)
  const body = JSON.stringify(answer)
  return reply
    .headers({ connection: 'close', 'content-length': Buffer.byteLength(body) })
    .send(answerWhileDraining(request.raw, body))
}

/**
 * The wire form of a problem. Omits the query of `url`, which may hold secrets. `publicPath` is the path of
 * PUBLIC_URL, under which clients find the page that `type` links to (docs-page.ts).
 */
export function presentProblem(
  problem: ProblemError,
  url: string,
  requestId: string,
  publicPath = ''
): Problem {
  const { code, title, statusCode, message, errors } = problem
  return {
    type: `${publicPath}/docs/errors#${code}`,
    title,
    status: statusCode,
    detail: message,
    instance: url.split('?', 1)[0] ?? '/',
    error: message,
    code,
    request_id: requestId,
    ...(errors && { errors: [...errors] })
  }
}

function toProblem(error: unknown, request: FastifyRequest): ProblemError {
  if (error instanceof ProblemError) return error
  // Any value can be thrown, even null.
  const known: FastifyError = Object(error)
  if (known.validation) return fromValidation(known.validation, known.validationContext)
  if (String(known.code).startsWith('FST_') || (known.statusCode ?? 500) < 500)
    return fromFramework(known, request)
  return (
    databaseProblem(error) ??
    problems.INTERNAL(`The error is logged with the request id ${request.id}`, { cause: error })
  )
}

/**
 * Returns the problem of each invalid element of the array `name` in the body, by its place. Their paths
 * begin in the element. Throws the other failures, and those of ids. For routes with `attachValidation`.
 */
export function splitFailures(
  { validationError }: Pick<FastifyRequest, 'validationError'>,
  name: string
): Map<number, ProblemError> {
  const failures: FastifySchemaValidationError[] = validationError?.validation ?? []
  const placed = failures.map((failure) => {
    const [, place, path = ''] = new RegExp(`^/${name}/(\\d+)(/.*)?$`).exec(failure.instancePath) ?? []
    // Without a valid id, the result could not name its element.
    return {
      place: path === '' || path === '/id' ? null : Number(place),
      failure: { ...failure, instancePath: path }
    }
  })
  if (placed.some(({ place }) => place === null)) throw validationError
  const groups = Map.groupBy(placed, ({ place }) => Number(place))
  return new Map([...groups].map(([place, ones]) => [place, fromValidation(ones.map((one) => one.failure))]))
}

function fromValidation(failures: FastifySchemaValidationError[], context?: string): ProblemError {
  if (context === 'params')
    return problems.NOT_FOUND(
      'There is nothing at this address: a part of it is no id of the kind that belongs there'
    )
  const [first] = failures
  if (context === 'body' && first?.instancePath === '' && first.keyword === 'type') {
    return problems.BODY_MALFORMED('Send a JSON object as the body')
  }
  const errors = failures.slice(0, 20).map(presentFailure)
  const detail = errors.map(({ path, message }) => `${path} ${message}`).join('; ')
  return problems.INPUT_INVALID(detail, { errors })
}

function presentFailure({
  instancePath,
  keyword,
  params,
  message
}: FastifySchemaValidationError): FieldError {
  const path = instancePath.slice(1).replaceAll('/', '.')
  if (keyword === 'required') {
    const missing = String(params['missingProperty'])
    return { path: path ? `${path}.${missing}` : missing, message: 'is required' }
  }
  if (keyword === 'format') return { path, message: describeFormat(String(params['format'])) }
  if (keyword === 'pattern') return { path, message: 'holds characters that are not allowed' }
  // The first item too many.
  if (keyword === 'maxItems')
    return { path: `${path}.${params['limit']}`, message: message ?? 'is one too many' }
  return { path, message: message ?? 'is not valid' }
}

function describeFormat(format: string): string {
  if (format === 'target-url')
    return `must be an absolute URL such as https://example.com, without spaces, of a scheme that is allowed, and of at most ${MAX_LOCATION_BYTES} bytes when percent-encoded`
  if (format === 'wire-time') return `must be a time such as 2025-06-04T00:07:00 (UTC), ${TIME_RANGE}`
  if (format === 'tag-length') return `must NOT have more than ${MAX_TAG_LENGTH} characters in lower case`
  if (format === 'trimmed') return 'must not begin or end with a space'
  if (format === 'email') return 'must be an email address'
  return `must match format ${format}`
}

function fromFramework(error: FastifyError, request: FastifyRequest): ProblemError {
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return problems.CONTENT_TYPE_UNSUPPORTED(
        `This route does not take the content type ${request.headers['content-type'] ?? '(none)'}; send application/json`
      )
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
    case 'FST_REQ_FILE_TOO_LARGE':
      return problems.BODY_TOO_LARGE('The body is larger than this route takes; send less at a time')
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return problems.BODY_MALFORMED('The body is not JSON; send a JSON object')
  }
  const status = error.statusCode ?? 500
  if (status === 404) return problems.NOT_FOUND(error.message)
  if (status >= 400 && status < 500)
    return new ProblemError({ ...problems.REQUEST_MALFORMED.kind, status }, error.message)
  return problems.INTERNAL(`The error is logged with the request id ${request.id}`, { cause: error })
}

export default fp(errors, { name: 'errors', fastify: '5.x' })
