import { isUtf8 } from 'node:buffer'
import { Ajv, type Options, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import fastJson, { type Schema } from 'fast-json-stringify'
import type { FastifyInstance, FastifySchemaCompiler } from 'fastify'
import fp from 'fastify-plugin'
import { problems } from '#platform/problem/errors.ts'
import { hasTagLength } from '#schema/shapes/tag.ts'
import { isTargetUrl } from '#schema/shapes/url.ts'
import { isPlainJson, MAX_DEPTH, nestsDeeper } from './plain-json.ts'
import { isWireTime } from './wire-time.ts'

/** More than any shape needs (a free-form object in an array), and few enough levels for recursive code. */
const MAX_BODY_DEPTH = 2 * MAX_DEPTH

const notUtf8 = () => problems.BODY_MALFORMED('The body is not UTF-8; send JSON in UTF-8')
const poisoned = () =>
  problems.BODY_MALFORMED('The body has a member __proto__ or constructor.prototype; send it without')
const bodyTooDeep = () => problems.BODY_MALFORMED(`The body nests more than ${MAX_BODY_DEPTH} levels deep`)

export interface ValidationOptions {
  /** Schemes of target URLs, in lower case. */
  schemes: readonly string[]
}

/**
 * Installs the validators. Body values are never converted: a number instead of a string is refused. Path and
 * query values arrive as text, so numbers are converted there. Only JSON is parsed; a capability that takes
 * other types adds a parser in its own scope.
 */
async function validation(app: FastifyInstance, { schemes }: ValidationOptions) {
  const strict = createValidator({ coerceTypes: false }, schemes)
  const lenient = createValidator({ coerceTypes: true }, schemes)
  const compiler: FastifySchemaCompiler<object> = ({ schema, httpPart }) => {
    if (httpPart === 'params') return compileLater(strict, schema, convertIds(schema))
    if (httpPart === 'querystring') return compileLater(lenient, schema, refuseInfinite(schema))
    return compileLater(httpPart === 'body' ? strict : lenient, schema)
  }
  app.setValidatorCompiler(compiler)
  app.setSerializerCompiler(({ schema }) => {
    let serialize: ((data: unknown) => string) | undefined
    return (data) => {
      serialize ??= fastJson(schema as Schema)
      return serialize(data)
    }
  })

  app.removeContentTypeParser('text/plain')
  // Clients that put a content type on every request send empty DELETEs with it. Where a body is required,
  // its schema refuses a missing one.
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    // A decoder would replace invalid UTF-8 by replacement characters.
    const body = isUtf8(bytes) ? bytes.toString('utf8') : undefined
    if (body === undefined) done(notUtf8())
    else if (body === '') done(null, undefined)
    else if (nestsDeeper(body, MAX_BODY_DEPTH)) done(bodyTooDeep())
    else
      void parseJson(request, body, (error, value) => done(error && isJson(body) ? poisoned() : error, value))
  })
}

/** True if JSON.parse accepts `text`; the body parser also refuses members that could pollute prototypes. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text.replace(/^\ufeff/, ''))
    return true
  } catch {
    return false
  }
}

type Validator = ReturnType<FastifySchemaCompiler<object>>

/**
 * Compiles `schema` at the first value: compiling all routes takes 0.3 s and 8 MiB at each start, and a
 * process uses few of them. `prepare` sees each value before it is checked.
 */
function compileLater<T>(ajv: Ajv, schema: object, prepare?: (value: T) => void): Validator {
  let validate: ValidateFunction | undefined
  const check = (value: T) => {
    prepare?.(value)
    validate ??= ajv.compile(schema)
    return validate(value) as boolean
  }
  return Object.defineProperty(check, 'errors', { get: () => validate?.errors })
}

function integersOf(schema: object): string[] {
  const { properties = {} } = schema as { properties?: Record<string, { type?: string }> }
  return Object.keys(properties).filter((name) => properties[name]?.type === 'integer')
}

/** Empties numbers such as `1e999`: Ajv converts them to Infinity, which no limit of the schema refuses. */
function refuseInfinite(schema: object): (query: Record<string, unknown>) => void {
  const integers = integersOf(schema)
  return (query) => {
    for (const name of integers) if (Math.abs(Number(query[name])) === Infinity) query[name] = ''
  }
}

/** Converts path ids, which are plain digits. Ajv would coerce like JavaScript: also `0x1F`, `1e3`, ` 7`. */
function convertIds(schema: object): (params: Record<string, unknown>) => void {
  const ids = integersOf(schema)
  return (params) => {
    for (const id of ids) if (/^\d+$/.test(String(params[id]))) params[id] = Number(params[id])
  }
}

function createValidator(options: Options, schemes: readonly string[]): Ajv {
  const ajv = new Ajv({
    allErrors: true,
    useDefaults: true,
    allowUnionTypes: true,
    strictTuples: false,
    ...options
  })
  addFormats.default(ajv)
  ajv.addFormat('target-url', (value: string) => isTargetUrl(value, schemes))
  ajv.addFormat('wire-time', isWireTime)
  ajv.addFormat('tag-length', hasTagLength)
  ajv.addFormat('trimmed', (value: string) => value === value.trim())
  ajv.addKeyword({
    keyword: 'x-plain-json',
    type: 'object',
    validate: (_wanted: boolean, value: object) => isPlainJson(value),
    error: { message: `must not hold NUL characters, unpaired surrogates or more than ${MAX_DEPTH} levels` }
  })
  return ajv
}

export default fp(validation, { name: 'validation', fastify: '5.x' })
