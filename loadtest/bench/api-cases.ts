import { get, send, share } from '#loadtest/autocannon-run.ts'
import type { Case } from './cases.ts'

const list = (page: number) => get(`/urls?page=${page}&per_page=50`)

/** Returns the cases of the API for a database with a link for each of `codes`, with ids from 1. */
export function makeApiCases(codes: string[]): Case[] {
  const ids = codes.map((_, at) => at + 1)
  const pages = Array.from({ length: Math.floor(codes.length / 50) }, (_, at) => at + 1)
  const api = { env: {}, withRedis: true, status: 200, warmUp: 2_000, references: ['fastify', 'raw'] }
  return [
    {
      ...api,
      name: 'health',
      title: 'GET /health',
      references: ['json'],
      requests: () => [get('/health')]
    },
    {
      ...api,
      name: 'read',
      title: 'GET /urls/:id, warm',
      references: ['json'],
      requests: (index, connections) => share(ids, index, connections).map((id) => get(`/urls/${id}`)),
      bars: { cpu: 2.5 }
    },
    { ...api, name: 'read-user', title: 'GET /users/:id', requests: () => [get('/users/1')] },
    {
      ...api,
      name: 'create',
      title: 'POST /urls',
      status: 201,
      requests: (index) => [
        send('POST', '/urls', { original_url: `https://acme.dev/created/${index}`, title: 'Bench' })
      ]
    },
    {
      ...api,
      name: 'change',
      title: 'PUT /urls/:id',
      requests: (index, connections) =>
        share(ids, index, connections).flatMap((id) =>
          ['One', 'Two'].map((title) => send('PUT', `/urls/${id}`, { title }))
        )
    },
    {
      ...api,
      name: 'list',
      title: 'GET /urls, 50 links a page',
      requests: (index, connections) => share(pages, index, connections).map(list)
    },
    {
      ...api,
      name: 'list-end',
      title: 'GET /urls, a page near the end',
      requests: () => pages.slice(-10).map(list)
    },
    {
      ...api,
      name: 'list-filtered',
      title: 'GET /urls?q=, 50 links a page',
      requests: () => [1, 2, 3, 4, 5].map((page) => get(`/urls?q=bench&page=${page}&per_page=50`))
    },
    {
      ...api,
      name: 'events',
      title: 'GET /events?url_id=',
      requests: (index, connections) =>
        share(ids, index, connections).map((id) => get(`/events?url_id=${id}`))
    },
    {
      ...api,
      name: 'stats',
      title: 'GET /urls/:id/stats, 30 days',
      requests: (index, connections) =>
        share(ids, index, connections).map((id) => get(`/urls/${id}/stats?unit=day`))
    },
    {
      ...api,
      name: 'stats-all',
      title: 'GET /stats, 30 days, 10 connections',
      plan: { connections: 10 },
      warmUp: 200,
      requests: () => [get('/stats?unit=day')]
    }
  ]
}
