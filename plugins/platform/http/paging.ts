import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { JsonPage, SortedPage } from '#platform/database/json-list.ts'

/**
 * Describes in headers what a list leaves out: `X-Total-Count`, and `Link` (RFC 8288) with first, prev, next
 * and last where they exist. The links repeat only parameters that the route takes, which bounds their
 * length. `window` is the served page.
 */
export function pageHeaders(
  request: FastifyRequest,
  reply: FastifyReply,
  { page, perPage }: { page: number; perPage: number },
  total: number
): void {
  const last = Math.max(1, Math.ceil(total / perPage))
  const links: string[] = []
  const add = (rel: string, target: number) =>
    links.push(linkTo(request, rel, { page: target, per_page: perPage }))
  if (page > 1) {
    add('first', 1)
    add('prev', Math.min(page - 1, last))
  }
  if (page < last) {
    add('next', page + 1)
    add('last', last)
  }
  reply.header('x-total-count', total)
  if (links.length > 0) reply.header('link', links.join(', '))
}

/** A link (RFC 8288) to the list of `request` with other `parameters`, under the path of PUBLIC_URL. */
export function linkTo(
  request: FastifyRequest,
  rel: string,
  parameters: Record<string, number | string>
): string {
  const [path = '', search = ''] = (request.server.publicPath + request.url).split('?', 2)
  const query = new URLSearchParams(search)
  for (const [name, value] of Object.entries(parameters)) query.set(name, String(value))
  return `<${path}?${query}>; rel="${rel}"`
}

/**
 * Describes a page of a sorted list in headers: `Link` with next, and `X-Total-Count` if the request asks.
 */
function sortedHeaders(request: FastifyRequest, reply: FastifyReply, { next, total }: SortedPage): void {
  if (next !== null) reply.header('link', linkTo(request, 'next', { after: next }))
  if (total === null) return
  reply.header('x-total-count', total.rows)
  reply.header('x-total-count-relation', total.isExact ? 'eq' : 'gte')
}

/**
 * Sends a page with its headers, see {@link pageHeaders}. Streams it if some of its rows were not read yet.
 */
export function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  window: { page: number; perPage: number },
  page: JsonPage | SortedPage
) {
  const rest = 'rest' in page ? page.rest : null
  if ('rest' in page) pageHeaders(request, reply, window, page.total)
  else sortedHeaders(request, reply, page)
  reply.type('application/json; charset=utf-8')
  // Neither a text nor a stream passes the serializer of the schema.
  return reply.send(rest === null ? `[${page.text}]` : Readable.from(streamPage(page.text, rest))) as never
}

async function* streamPage(first: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield `[${first}`
  for await (const text of rest) yield `,${text}`
  yield ']'
}
