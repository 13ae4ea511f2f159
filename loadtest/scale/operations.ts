import type { Request } from 'autocannon'
import { get, send } from '#loadtest/autocannon-run.ts'
import { createRandom } from '#loadtest/links.ts'
import { codeOf } from './seed.ts'

/** A measured operation: requests over `links` links whose ids start at 1. */
export interface Operation {
  name: string
  title: string
  status: number
  /** `none` for a server without cached links; otherwise the default cache. */
  cache?: 'none'
  requests: (links: number, index: number) => Request[]
}

/** Requests of one connection, before it repeats them. */
const REQUESTS = 2_000

/** Returns `count` random ids of `links`, different for each `seed`. */
function pickIds(links: number, seed: number, count: number): number[] {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => 1 + Math.floor(random() * links))
}

export const operations: Operation[] = [
  {
    name: 'hit',
    title: 'redirect, hit',
    status: 302,
    requests: (links) => pickIds(links, 1, 500).map((id) => get(`/${codeOf(id)}`))
  },
  {
    name: 'miss',
    title: 'redirect, miss to PostgreSQL',
    status: 302,
    cache: 'none',
    requests: (links, index) => pickIds(links, 100 + index, REQUESTS).map((id) => get(`/${codeOf(id)}`))
  },
  {
    name: 'create',
    title: 'POST /urls',
    status: 201,
    requests: (_links, index) => [
      send('POST', '/urls', { original_url: `https://acme.dev/created/${index}` })
    ]
  },
  {
    name: 'first-page',
    title: 'GET /urls, page 1',
    status: 200,
    requests: () => [get('/urls?page=1&per_page=50')]
  },
  {
    name: 'far-page',
    title: 'GET /urls, pages near the end',
    status: 200,
    requests: (links, index) =>
      pickIds(Math.floor(links / 500), index, 200).map((back) =>
        get(`/urls?page=${Math.floor(links / 50) - back + 1}&per_page=50`)
      )
  },
  {
    name: 'events-page',
    title: 'GET /events?url_id',
    status: 200,
    requests: (links, index) =>
      pickIds(links, 200 + index, REQUESTS).map((id) => get(`/events?url_id=${id}&page=1&per_page=50`))
  },
  {
    name: 'url-stats',
    title: 'GET /urls/:id/stats, 30 days',
    status: 200,
    requests: (links, index) =>
      pickIds(links, 300 + index, REQUESTS).map((id) => get(`/urls/${id}/stats?unit=day`))
  },
  {
    name: 'stats',
    title: 'GET /stats, 30 days',
    status: 200,
    requests: () => [get('/stats?unit=day')]
  }
]
