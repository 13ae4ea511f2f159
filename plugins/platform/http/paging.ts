import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { JsonRow } from '#platform/database/json-rows.ts'
import type { LongPage } from '#platform/database/row-chunks.ts'
import type { Page } from '#schema/shapes/page.ts'

/**
 * Describes in headers what a list leaves out: `X-Total-Count`, and `Link` (RFC 8288) with first, prev, next
 * and last where they exist. The links repeat only parameters that the route takes, which bounds their
 * length. `window` is the served page. Returns the rows to send.
 */
export function pageHeaders<Row>(
  request: FastifyRequest,
  reply: FastifyReply,
  window: { page: number; perPage: number },
  { rows, total }: Page<Row>
): Row[] {
  const { page, perPage } = window
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
  return rows
}

/** A link (RFC 8288) to the list of `request` with other `parameters`, under the path of PUBLIC_URL. */
export function linkTo(request: FastifyRequest, rel: string, parameters: Record<string, number>): string {
  const [path = '', search = ''] = (request.server.publicPath + request.url).split('?', 2)
  const query = new URLSearchParams(search)
  for (const [name, value] of Object.entries(parameters)) query.set(name, String(value))
  return `<${path}?${query}>; rel="${rel}"`
}

/**
 * Like {@link pageHeaders}, for rows in JSON. Sends them. If there are more rows than were read, it streams
 * all of them.
 */
export function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  window: { page: number; perPage: number },
  page: LongPage<JsonRow>
) {
  const rows = pageHeaders(request, reply, window, page)
  reply.type('application/json; charset=utf-8')
  const body = page.rest === null ? `[${join(rows)}]` : Readable.from(formatRows(rows, page.rest))
  // Neither a text nor a stream passes the serializer of the schema.
  return reply.send(body) as never
}

async function* formatRows(first: JsonRow[], rest: AsyncIterable<JsonRow[]>): AsyncGenerator<string> {
  yield `[${join(first)}`
  for await (const rows of rest) if (rows.length > 0) yield `,${join(rows)}`
  yield ']'
}

const join = (rows: JsonRow[]) => rows.map(({ json }) => json).join()
