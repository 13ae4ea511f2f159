import type { CallOptions, Send } from './send.ts'

/** Builders of the table of operations (client.ts): each takes a method and path, and the types of a call. */

/** A page of a list. */
export interface Page<Row> {
  rows: Row[]
  /** Rows of all pages; null if the server does not count them. */
  total: number | null
  /** False if the server stopped counting at {@link Page.total}. */
  isTotalExact: boolean
  /** Pass it to the same list instead of a query for the next page; null on the last one. */
  next: string | null
}

/** An operation that is not bound to a server yet. */
export type Operation<Call> = (send: Send) => Call

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
type Id = number | string
type Query = Record<string, unknown>

/** A list: takes filters, or `next` of the page before. */
export function list<Row, Filters extends object>(
  path: string
): Operation<(query?: Filters | string, options?: CallOptions) => Promise<Page<Row>>> {
  return (send) => (query, options) => readPage<Row>(send, path, query as Query | string, options)
}

/** A list that belongs to the resource with an id. */
export function listOn<Key extends Id, Row, Filters extends object>(
  path: string
): Operation<(id: Key, query?: Filters | string, options?: CallOptions) => Promise<Page<Row>>> {
  return (send) => (id, query, options) =>
    readPage<Row>(send, fill(path, id), query as Query | string, options)
}

async function readPage<Row>(
  send: Send,
  path: string,
  query: Query | string | undefined,
  options: CallOptions | undefined
): Promise<Page<Row>> {
  const search = typeof query === 'string' ? query : formatQuery(query)
  const { value, headers } = await send({ method: 'GET', path: path + search }, options)
  const total = headers.get('x-total-count')
  const next = /<[^>?]*(\?[^>]*)>;\s*rel="next"/.exec(headers.get('link') ?? '')?.[1]
  return {
    rows: value as Row[],
    total: total === null ? null : Number(total),
    isTotalExact: headers.get('x-total-count-relation') !== 'gte',
    next: next ?? null
  }
}

/** An operation without an id or a body. */
export function call<Result>(
  method: Method,
  path: string
): Operation<(options?: CallOptions) => Promise<Result>> {
  return (send) => async (options) => (await send({ method, path }, options)).value as Result
}

/** A read with a query. */
export function query<Result, Parameters extends object>(
  path: string
): Operation<(query?: Parameters, options?: CallOptions) => Promise<Result>> {
  return (send) => async (query, options) => {
    const { value } = await send({ method: 'GET', path: path + formatQuery(query as Query) }, options)
    return value as Result
  }
}

/** An operation on the resource with an id, which replaces `:id` in the path. */
export function callOn<Key extends Id, Result>(
  method: Method,
  path: string
): Operation<(id: Key, options?: CallOptions) => Promise<Result>> {
  return (send) => async (id, options) =>
    (await send({ method, path: fill(path, id) }, options)).value as Result
}

/** An operation with a query on the resource with an id. */
export function queryOn<Key extends Id, Result, Parameters extends object>(
  method: Method,
  path: string
): Operation<(id: Key, query?: Parameters, options?: CallOptions) => Promise<Result>> {
  return (send) => async (id, query, options) => {
    const { value } = await send({ method, path: fill(path, id) + formatQuery(query as Query) }, options)
    return value as Result
  }
}

/** An operation that sends a body. With `isKeyed`, a retry is safe: see plugins/platform/idempotency. */
export function post<Body, Result>(
  path: string,
  { isKeyed = false } = {}
): Operation<(body: Body, options?: CallOptions) => Promise<Result>> {
  return (send) => async (body, options) => {
    const { value } = await send({ method: 'POST', path, body, isKeyed }, options)
    return value as Result
  }
}

/** An operation that sends a body, without an id. */
export function body<Body, Result>(
  method: 'PATCH' | 'DELETE',
  path: string
): Operation<(body: Body, options?: CallOptions) => Promise<Result>> {
  return (send) => async (body, options) => (await send({ method, path, body }, options)).value as Result
}

/** A change of the resource with an id. */
export function change<Key extends Id, Change, Result>(
  method: 'POST' | 'PUT' | 'PATCH',
  path: string
): Operation<(id: Key, change: Change, options?: CallOptions) => Promise<Result>> {
  return (send) => async (id, body, options) => {
    const { value } = await send({ method, path: fill(path, id), body }, options)
    return value as Result
  }
}

function fill(path: string, id: Id): string {
  // As a segment of a path these mean another path, encoded too (URL Standard, 4.4).
  if (/^\.{0,2}$/.test(String(id))) throw new TypeError(`"${id}" is not an id`)
  return path.replace(':id', () => encodeURIComponent(id))
}

function formatQuery(query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null)
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(Object.fromEntries(given.map(([name, value]) => [name, String(value)])))}`
}
