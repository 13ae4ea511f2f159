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

const SORTS = ['id', 'created_at', 'updated_at', 'expires_at', 'user_id', 'short_code', 'title']

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
    name: 'sorted-page',
    title: 'GET /urls, any sort',
    status: 200,
    requests: () => SORTS.flatMap((sort) => [get(`/urls?sort=${sort}`), get(`/urls?sort=-${sort}`)])
  },
  {
    name: 'next-pages',
    title: 'GET /urls, from any time on',
    status: 200,
    requests: (links, index) =>
      pickIds(links, 400 + index, 200).map((id) => {
        const end = new Date(Date.now() - (61 + (id / links) * 300) * 86_400_000).toISOString().slice(0, 19)
        return get(`/urls?sort=-created_at&created_to=${end}`)
      })
  },
  {
    name: 'filtered-page',
    title: 'GET /urls, filtered and sorted',
    status: 200,
    requests: (links, index) =>
      pickIds(links, 500 + index, 200).flatMap((id) => [
        get(`/urls?sort=-updated_at&user_id=${1 + (id % 1_000)}`),
        get('/urls?sort=-created_at&is_active=false'),
        get('/urls?sort=-created_at&expired=false'),
        get(`/urls?sort=title&user_id=${1 + (id % 1_000)}&has_title=true`)
      ])
  },
  {
    name: 'tagged-page',
    title: 'GET /urls, by tag and state',
    status: 200,
    requests: (links, index) =>
      pickIds(links, 550 + index, 200).flatMap((id) => {
        const end = new Date(Date.now() - (61 + (id / links) * 300) * 86_400_000).toISOString().slice(0, 19)
        return [
          get(`/urls?sort=-created_at&tags=t${id % 1_000}`),
          get(`/urls?sort=-created_at&tags=even&created_to=${end}`),
          get(`/urls?sort=title&all_tags=even,t${2 * (id % 500)}&state=active`),
          get(`/urls?sort=-created_at&exclude_tags=even&created_to=${end}`),
          ...['active', 'scheduled', 'expired', 'inactive', 'deleted', 'used_up'].map((state) =>
            get(`/urls?sort=-created_at&state=${state}`)
          )
        ]
      })
  },
  {
    name: 'search',
    title: 'GET /urls?q, rare and frequent',
    status: 200,
    requests: (links, index) =>
      pickIds(links, 600 + index, 200).flatMap((id) => [
        get(`/urls?sort=-created_at&q=${codeOf(id)}`),
        get(`/urls?sort=id&q=scale%20${id}`),
        get('/urls?sort=-created_at&q=acme.dev'),
        get(`/urls?sort=title&q=none${id}`)
      ])
  },
  {
    name: 'search-short',
    title: 'GET /urls?q, one or two letters',
    status: 200,
    requests: (links, index) =>
      pickIds(links, 700 + index, 200).flatMap((id) => [
        get(`/urls?sort=-created_at&q=${codeOf(id).slice(0, 2)}`),
        get('/urls?sort=-created_at&q=zq'),
        get('/urls?sort=id&q=x'),
        get('/urls?sort=title&q=%C3%B6')
      ])
  },
  {
    name: 'search-special',
    title: 'GET /urls?q, one or two special characters',
    status: 200,
    requests: () =>
      ['~', '/', '?=', 'ö', '都', '都庁', ':/'].map((q) =>
        get(`/urls?sort=-created_at&q=${encodeURIComponent(q)}`)
      )
  },
  {
    name: 'search-address',
    title: 'GET /urls?q, a whole target',
    status: 200,
    requests: (links, index) =>
      pickIds(links, 800 + index, 200).map((id) =>
        get(`/urls?sort=-created_at&q=${encodeURIComponent(`https://acme.dev/scale/${id}`)}`)
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
