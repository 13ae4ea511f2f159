import type { Problem } from '#schema/shapes/problem.ts'
import { BASE } from './environment.ts'

/** Calls of the public API, with the session of this browser. */

/** A refused request, or one that got no answer (status 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly problem: Partial<Problem>
  readonly requestId: string | null

  constructor(status: number, problem: Partial<Problem>, requestId: string | null) {
    super(problem.detail ?? problem.title ?? String(status))
    this.status = status
    this.problem = problem
    this.requestId = requestId
  }
}

type Value = string | number | undefined

export interface CallOptions {
  query?: Record<string, Value>
  body?: unknown
  /** Send only if the resource still has this `ETag`; otherwise the answer is 412. */
  ifMatch?: string | null
  /** Makes a repeated creation answer the first result. */
  idempotencyKey?: string
  signal?: AbortSignal
}

export interface Answer<T> {
  data: T
  etag: string | null
  total: number
}

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'

/** What the rest of the application learns from each answer. */
const watchers = new Set<(status: number) => void>()

/** Calls `watch` with the status of each answer, 0 without one. */
export function watchAnswers(watch: (status: number) => void): void {
  watchers.add(watch)
}

/** Sends a request to `path` of the API. Throws an {@link ApiError}. */
export async function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<Answer<T>> {
  const { body, ifMatch, idempotencyKey, signal } = options
  const headers = new Headers({ accept: 'application/json' })
  if (body !== undefined) headers.set('content-type', 'application/json')
  if (ifMatch) headers.set('if-match', ifMatch)
  if (idempotencyKey !== undefined) headers.set('idempotency-key', idempotencyKey)
  const request = {
    method,
    headers,
    signal: signal ?? null,
    ...(body !== undefined && { body: JSON.stringify(body) })
  }
  const response = await fetch(BASE + path + toSearch(options.query), request).catch((error) => {
    if (!signal?.aborted) for (const watch of watchers) watch(0)
    throw signal?.aborted ? error : new ApiError(0, {}, null)
  })
  for (const watch of watchers) watch(response.status)
  const answer = await response.text()
  const data = parse(answer)
  if (!response.ok) throw new ApiError(response.status, Object(data), response.headers.get('x-request-id'))
  return {
    data: data as T,
    etag: response.headers.get('etag'),
    total: Number(response.headers.get('x-total-count') ?? 0)
  }
}

function parse(answer: string): unknown {
  try {
    return JSON.parse(answer)
  } catch {
    return null
  }
}

/** The query without empty parameters. */
export function toSearch(query: Record<string, Value> = {}): string {
  const entries = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]]
  )
  return entries.length > 0 ? `?${new URLSearchParams(entries)}` : ''
}
