import type { Problem } from '#schema/shapes/problem.ts'
import { ApiError, type FailureCode } from './api-error.ts'

export interface ClientOptions {
  /** The address of the server, with its path if it has one. In a browser '' is the server of the page. */
  baseUrl: string
  /** An API key. Without one, a browser sends the session cookie of the server. */
  key?: string | undefined
  /** Replaces the global `fetch`. */
  fetch?: typeof fetch | undefined
  /** Called with the request id of each answer, under which the server logs it. */
  onRequestId?: ((requestId: string) => void) | undefined
  /** Limit of a call with its retries; 30 s by default. */
  timeoutMs?: number | undefined
  /** Aborts all calls. */
  signal?: AbortSignal | undefined
}

/** Options of one call. */
export interface CallOptions {
  /** Aborts the call, which then throws the reason of the signal. */
  signal?: AbortSignal | undefined
  timeoutMs?: number | undefined
  /** The key of a creation; random by default. A repeated creation with the same key runs once. */
  idempotencyKey?: string | undefined
  headers?: Record<string, string> | undefined
  /** Called with the headers of the answer, such as `ETag`. */
  onHeaders?: ((headers: Headers) => void) | undefined
}

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Begins with a slash; {@link ClientOptions.baseUrl} precedes it. */
  path: string
  /** Sent as JSON. */
  body?: unknown
  /** True if the server accepts an `Idempotency-Key`. */
  isKeyed?: boolean
}

export interface Answer {
  /** The parsed JSON; null if the answer has no body. */
  value: unknown
  headers: Headers
}

export type Send = (request: ApiRequest, options?: CallOptions) => Promise<Answer>

const TIMEOUT_MS = 30_000
const MAX_RETRIES = 2
/** A longer Retry-After is left to the caller. */
const MAX_RETRY_AFTER_S = 10
/** The wait after a failed connection, which has no Retry-After. */
const RECONNECT_MS = 500

/**
 * Creates the transport. It retries reads, and creations with their `Idempotency-Key`, if the server is
 * unreachable or asks for a retry soon.
 */
export function createSend({ baseUrl, key, onRequestId, ...options }: ClientOptions): Send {
  const base = baseUrl.replace(/\/+$/, '')
  const name = base || 'The server'
  const { fetch: send = globalThis.fetch, timeoutMs: usualTimeoutMs = TIMEOUT_MS } = options

  return async ({ method, path, body, isKeyed = false }, call = {}) => {
    const deadline = AbortSignal.timeout(call.timeoutMs ?? usualTimeoutMs)
    const aborts = [options.signal, call.signal].filter((signal) => signal !== undefined)
    const signal = AbortSignal.any([...aborts, deadline])
    const headers: Record<string, string> = {
      accept: 'application/json',
      ...(key && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(isKeyed && { 'idempotency-key': call.idempotencyKey ?? randomKey() }),
      ...call.headers
    }
    // A redirect could send the key to another server.
    const init: RequestInit = { method, headers, signal, redirect: 'manual' }
    if (body !== undefined) init.body = JSON.stringify(body)

    async function receive(): Promise<{ answer: Response; text: string }> {
      try {
        const answer = await send(`${base}${path}`, init)
        return { answer, text: await answer.text() }
      } catch (cause) {
        for (const abort of aborts) abort.throwIfAborted()
        throw deadline.aborted
          ? failure('TIMED_OUT', `${name} did not answer in time`, { cause })
          : failure('UNREACHABLE', `${name} can not be reached: ${reasonOf(cause)}`, { cause })
      }
    }

    async function exchange(): Promise<Answer> {
      const { answer, text } = await receive()
      const requestId = answer.headers.get('x-request-id')
      if (requestId !== null) onRequestId?.(requestId)
      if (!answer.ok) throw errorOf(answer, text)
      call.onHeaders?.(answer.headers)
      try {
        return { value: text === '' ? null : JSON.parse(text), headers: answer.headers }
      } catch (cause) {
        throw failure('ANSWER_UNREADABLE', `${name} is not a Fairlead server`, { cause, answer })
      }
    }

    for (let retries = method === 'GET' || isKeyed ? MAX_RETRIES : 0; ; retries--) {
      try {
        return await exchange()
      } catch (error) {
        const waitMs = retries > 0 && error instanceof ApiError ? retryDelay(error) : null
        if (waitMs === null) throw error
        await sleep(waitMs, signal)
      }
    }
  }
}

/** Returns the wait before a retry, or null if a retry is of no use now. */
function retryDelay({ code, status, retryAfter }: ApiError): number | null {
  if (code === 'UNREACHABLE') return RECONNECT_MS
  if (status !== 503 && code !== 'IDEMPOTENCY_KEY_IN_USE') return null
  return retryAfter !== null && retryAfter <= MAX_RETRY_AFTER_S ? retryAfter * 1_000 : null
}

/** Waits, or less if the signal aborts: the next attempt then fails at once. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(finish, ms)
    signal.addEventListener('abort', finish)
    function finish() {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      done()
    }
  })
}

/** Returns the error of an answer that is no success. */
export function errorOf(answer: Response, text: string): ApiError {
  const { status, headers, type } = answer
  // Browsers hide the status and address of a redirect.
  if (type === 'opaqueredirect' || (status >= 300 && status < 400 && headers.has('location')))
    return failure(
      'REDIRECTED',
      `The server redirects to ${headers.get('location') ?? 'another address'}; use that address`,
      { answer }
    )
  const problem = readProblem(text)
  if (problem === null)
    return failure('ANSWER_UNREADABLE', `The server answered ${status}: ${toLine(text)}`, { answer })
  const { code, title, detail, errors, request_id } = problem
  return new ApiError({
    code,
    status,
    title,
    detail,
    errors,
    requestId: request_id,
    retryAfter: readRetryAfter(headers)
  })
}

function readProblem(text: string): Problem | null {
  try {
    const problem: Partial<Problem> | null = JSON.parse(text)
    return typeof problem?.code === 'string' && typeof problem.detail === 'string'
      ? (problem as Problem)
      : null
  } catch {
    return null
  }
}

function failure(
  code: FailureCode,
  detail: string,
  { cause, answer }: { cause?: unknown; answer?: Response }
): ApiError {
  const requestId = answer?.headers.get('x-request-id') ?? null
  const retryAfter = answer === undefined ? null : readRetryAfter(answer.headers)
  const fields = { code, status: answer?.status ?? 0, title: TITLES[code], detail, requestId, retryAfter }
  return new ApiError(fields, cause === undefined ? undefined : { cause })
}

const TITLES: Record<FailureCode, string> = {
  UNREACHABLE: 'The server can not be reached',
  TIMED_OUT: 'The server did not answer in time',
  REDIRECTED: 'The server redirects to another address',
  ANSWER_UNREADABLE: 'The answer is not of a Fairlead server'
}

function readRetryAfter(headers: Headers): number | null {
  const value = headers.get('retry-after')
  return value !== null && /^\d+$/.test(value) ? Number(value) : null
}

/** Node has the reason of a failed `fetch` in its cause, without a message for a host of two addresses. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { message?: string; code?: string } }
  return toLine(cause?.message || cause?.code || message)
}

const toLine = (text: string) => text.slice(0, 300).replace(/\s+/g, ' ').trim()

/** Makes an idempotency key. `crypto.randomUUID` is missing on pages without https. */
export function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0')
  ).join('')
}
