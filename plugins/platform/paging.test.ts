import fastify from 'fastify'
import t from 'tap'
import { pageHeaders } from './paging.ts'

t.test('links to other pages repeat the parameters that the route takes, and no others', async (t) => {
  const app = fastify()
  t.teardown(() => app.close())
  const querystring = { type: 'object', properties: { q: { type: 'string' }, page: { type: 'integer' } } }
  app.get('/things', { schema: { querystring } }, async (request, reply) =>
    pageHeaders(request, reply, { page: 2, perPage: 10 }, { rows: [], total: 40 })
  )
  const noise = Array.from({ length: 200 }, (_, at) => `utm_${at}=${'x'.repeat(20)}`).join('&')
  const { headers } = await app.inject(`/things?toString=a&q=a%26b&${noise}&__proto__=b&page=2`)
  const link = (page: number, rel: string) => `</things?q=a%26b&page=${page}&per_page=10>; rel="${rel}"`
  t.equal(headers.link, [link(1, 'first'), link(1, 'prev'), link(3, 'next'), link(4, 'last')].join(', '))
})
