import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Page } from '#schema/shapes/page.ts'

/**
 * Says in headers what a list leaves out: `X-Total-Count`, and `Link` (RFC 8288) with first, prev, next and last
 * where they exist. The links repeat the parameters that the route takes, so that their length is bounded as that of the
 * parameters is. Takes the window that was served; gives the rows to send.
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
  const [path = '', search = ''] = (request.server.publicPath + request.url).split('?', 2)
  const add = (rel: string, target: number) => {
    const query = new URLSearchParams(search)
    query.set('page', String(target))
    query.set('per_page', String(perPage))
    links.push(`<${path}?${query}>; rel="${rel}"`)
  }
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
