import type { Request } from 'autocannon'
import { get, share } from '#loadtest/autocannon-run.ts'
import { makeApiCases } from './api-cases.ts'
import { type Beside, followLimited, guessPassword } from './beside.ts'
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
  /** True if the references are servers of Fairlead. */
  hasPeers?: boolean
  /** Requests that only our server gets meanwhile. Its reference `alone` is the same server without them. */
  beside?: Beside
  /** Rules of the link that our server's requests follow instead of `requests`. */
  rules?: object
  /** The status of every answer; any other makes the figures void. */
  status: number
  requests: (index: number, connections: number) => Request[]
  /** The status and requests of the reference `plain`, another process of this commit. */
  plain?: Pick<Case, 'status' | 'requests'>
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

/** The rules of the links of the case `rules`, as columns of an import. */
export const RULES = {
  redirect_status: '301',
  starts_at: '2026-01-01T00:00:00',
  expires_at: '2999-01-01T00:00:00',
  utm: '{"source":"bench","medium":"load"}'
}

/**
 * Returns the cases for a database with a link for each of `codes`, with ids from 1, and none for `unknown`.
 * The case `rules` also needs links for `ruled` with {@link RULES}.
 */
export function makeCases(codes: string[], unknown: string[], ruled: string[] = []): Case[] {
  const follow = (list: string[]) => (index: number, connections: number) =>
    share(list, index, connections).map((code) => get(`/${code}`))
  const redirect = { status: 302, references: ['fastify', 'raw'], warmUp: 40_000, requests: follow(codes) }
  const inProcess = { events: ['hits' as const, 'stale' as const], leastShare: 0.99 }
  const paired = {
    ...redirect,
    ...{ env: {}, withRedis: true, references: ['alone'], hasPeers: true, bars: { rps: 0.9 } },
    proof: inProcess
  }
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
    { ...paired, name: 'hit-guessed', title: 'hit, 200 guesses of a password/s', beside: guessPassword },
    { ...paired, name: 'hit-limited', title: 'hit, 200 visits of a limited link/s', beside: followLimited },
    { ...paired, name: 'limited', title: 'one limited link', rules: { max_visits: 1e9 }, bars: { rps: 0.1 } },
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
      name: 'rules',
      title: 'hit of a link with status, start, end and UTM',
      env: {},
      withRedis: true,
      references: ['plain'],
      hasPeers: true,
      status: Number(RULES.redirect_status),
      requests: follow(ruled),
      plain: { status: 302, requests: follow(codes) },
      proof: inProcess,
      bars: { cpu: 1.11 }
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
    ...makeApiCases(codes)
  ]
}
