import type { Request } from 'autocannon'
import { get, send, share } from '#loadtest/autocannon-run.ts'
import { type Beside, guessPassword } from './beside.ts'
import type { PairOptions } from './pairs.ts'

/** A case of `npm run bench`, as data: a server's settings, its requests, and its references. */
export interface Case {
  name: string
  title: string
  /** Settings besides DATABASE_URL, REDIS_URL and DATA_DIR. */
  env: Record<string, string>
  withRedis: boolean
  /**
   * The codes of the links in the server's bundled PostgreSQL. If set, DATABASE_URL and REDIS_URL are unset,
   * and a burst ends when its last click is stored.
   */
  embedded?: string[]
  /** Overrides of the run's defaults. */
  plan?: Partial<PairOptions>
  /** Its references in loadtest/references. Bars apply to the first one. */
  references: string[]
  /** True if the references are other commits of Fairlead. */
  hasPeers?: boolean
  /** Requests that only our server gets meanwhile. Its reference `alone` is the same server without them. */
  beside?: Beside
  /** The status of every answer; any other makes the figures void. */
  status: number
  requests: (index: number, connections: number) => Request[]
  /** Requests before the measurement. */
  warmUp: number
  /**
   * Proof that the case measures what it claims: the least share of answers for which the link cache counts
   * one of `events`.
   */
  proof?: { events: string[]; leastShare: number }
  bars?: Bars
}

export interface Bars {
  /** Least ratio of requests per second to the first reference. */
  rps?: number
  /** Largest ratio of CPU time per request. */
  cpu?: number
  /** Longest time from the end of the load to the last stored click, in milliseconds. */
  lagMs?: number
  /** Largest multiple of the reference's p50, on top of one fdatasync. */
  p50?: number
}

/** Like the servers of an installation with a worker (compose.yaml): they only append clicks to Redis. */
const DRAINED_ELSEWHERE = { CLICK_DRAIN: 'off' }

const UNCACHED = { CACHE_ENTRIES: '1' }

const list = (page: number) => get(`/urls?page=${page}&per_page=50`)

/**
 * Returns the cases for a database with a link for each of `codes`, with ids from 1, and none for `unknown`.
 */
export function makeCases(codes: string[], unknown: string[]): Case[] {
  const follow = (list: string[]) => (index: number, connections: number) =>
    share(list, index, connections).map((code) => get(`/${code}`))
  const redirect = { status: 302, references: ['fastify', 'raw'], warmUp: 40_000, requests: follow(codes) }
  const inProcess = { events: ['hits' as const, 'stale' as const], leastShare: 0.99 }
  const miss = {
    ...redirect,
    withRedis: false,
    references: ['postgres', 'fastify', 'raw'],
    proof: { events: ['loads'], leastShare: 0.95 }
  }
  const embedded = {
    ...redirect,
    env: { CLICK_DURABILITY: 'acknowledged' },
    withRedis: false,
    embedded: codes.slice(0, 1_000),
    references: ['fastify'],
    warmUp: 20_000,
    requests: follow(codes.slice(0, 1_000)),
    proof: inProcess
  }
  const ids = codes.map((_, at) => at + 1)
  const pages = Array.from({ length: Math.floor(codes.length / 50) }, (_, at) => at + 1)
  const api = { env: {}, withRedis: true, status: 200, warmUp: 2_000, references: ['fastify', 'raw'] }
  return [
    {
      ...redirect,
      name: 'hit',
      title: 'hit, click acknowledged, stored by the same server',
      env: { CLICK_DURABILITY: 'acknowledged' },
      withRedis: true,
      proof: inProcess
    },
    {
      ...redirect,
      name: 'hit-worker',
      title: 'hit, click acknowledged by Redis for a worker',
      env: { CLICK_DURABILITY: 'acknowledged', ...DRAINED_ELSEWHERE },
      withRedis: true,
      proof: inProcess,
      bars: { rps: 0.65, cpu: 1.5 }
    },
    {
      ...redirect,
      name: 'hit-buffered',
      title: 'hit, click buffered, stored by the same server',
      env: { CLICK_DURABILITY: 'buffered' },
      withRedis: true,
      proof: inProcess
    },
    {
      ...redirect,
      name: 'hit-buffered-worker',
      title: 'hit, click buffered for a worker',
      env: { CLICK_DURABILITY: 'buffered', ...DRAINED_ELSEWHERE },
      withRedis: true,
      proof: inProcess,
      bars: { rps: 0.8, cpu: 1.25 }
    },
    {
      ...redirect,
      name: 'hit-no-redis',
      title: 'hit without Redis, click in the local log',
      env: {},
      withRedis: false,
      proof: inProcess
    },
    {
      ...redirect,
      name: 'hit-guessed',
      title: 'hit, while a password is guessed 200 times a second',
      env: {},
      withRedis: true,
      beside: guessPassword,
      references: ['alone'],
      hasPeers: true,
      proof: inProcess,
      bars: { rps: 0.9 }
    },
    {
      ...embedded,
      name: 'embedded',
      title: 'embedded: as `npm start`, until stored',
      plan: { starts: 2, rounds: 2, seconds: 30 },
      bars: { rps: 0.4, cpu: 2.5, lagMs: 5_000 }
    },
    {
      ...embedded,
      name: 'embedded-single',
      title: 'embedded, one request at a time',
      plan: { rounds: 3, seconds: 5, connections: 1 },
      bars: { p50: 2 }
    },
    {
      ...redirect,
      name: 'redis-hit',
      title: 'hit in Redis, click for a worker',
      env: { CACHE_ENTRIES: '1', ...DRAINED_ELSEWHERE },
      withRedis: true,
      proof: { events: ['redisHits'], leastShare: 0.95 },
      bars: { rps: 0.45 }
    },
    {
      ...miss,
      name: 'miss',
      title: 'miss to PostgreSQL, click buffered',
      env: { CACHE_ENTRIES: '1', CLICK_DURABILITY: 'buffered' },
      bars: { rps: 0.8 }
    },
    { ...miss, name: 'miss-acknowledged', title: 'miss to PostgreSQL, click too', env: UNCACHED },
    {
      ...redirect,
      name: 'unknown',
      title: 'unknown codes, asked for again',
      env: {},
      withRedis: true,
      status: 404,
      requests: follow(unknown)
    },
    { ...api, name: 'health', title: 'GET /health', references: ['json'], requests: () => [get('/health')] },
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
