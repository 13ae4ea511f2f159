import { setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Running } from './app.ts'
import { makeFolder } from './folder.ts'
import { type ListeningServer, startServer } from './process.ts'
import { query } from './query.ts'
import { startPostgres, startRedis } from './servers.ts'
import { until } from './until.ts'

/** Shared by the tests of lost and recovered clicks: separate real servers, visitors, and the final count. */

export interface Visitors {
  /** Redirects answered, other answers by status, and requests without an answer. */
  aggregate: { given: number; refused: Map<number, number>; unanswered: number }
  /** Resolves when `given` has grown by `more`. */
  untilGiven(more: number): Promise<void>
  /** Stops the visitors and resolves after the last answer. */
  leave(): Promise<void>
}

export interface ClickContext {
  postgres: Awaited<ReturnType<typeof startPostgres>>
  redis: Awaited<ReturnType<typeof startRedis>>
  env: Record<string, string>
  start(env?: Record<string, string>): Promise<ListeningServer>
  /** Resolves with the stored clicks once there are `atLeast`; also the number of distinct click ids. */
  stored(atLeast: number): Promise<{ clicks: number; distinct: number }>
}

/** Starts a PostgreSQL and a Redis with durable writes. Returns settings for servers on them. */
export async function createContext(t: Test): Promise<ClickContext> {
  const [postgres, redis] = await Promise.all([
    startPostgres(t, { fsync: true }),
    startRedis(t, { aof: true })
  ])
  const folder = await makeFolder(t)
  const env = {
    HOST: '127.0.0.1',
    PORT: '0',
    DATA_DIR: folder,
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    DATABASE_CONNECT_TIMEOUT_MS: '500',
    CLICK_STORE_TIMEOUT_MS: '500'
  }
  return {
    postgres,
    redis,
    env,
    start: (more = {}) => startServer(t, { ...env, ...more }),
    stored: (atLeast) => storedClicks(postgres.url, atLeast)
  }
}

/** Resolves with the clicks in the database at `url` once there are `atLeast`. */
export function storedClicks(url: string, atLeast: number): Promise<{ clicks: number; distinct: number }> {
  const count = async () => {
    const [counts] = await query<{ clicks: number; distinct: number }>(
      url,
      `SELECT count(*)::int AS clicks, count(DISTINCT click_id)::int AS distinct FROM events WHERE event_type = 'click'`
    ).catch(() => [])
    return counts ?? { clicks: -1, distinct: -1 }
  }
  return until(count, ({ clicks }) => clicks >= atLeast)
}

/** Creates a link with `code` and follows it once, so that the server has it cached. */
export async function makeWarmLink({ request }: Pick<Running, 'request'>, code: string): Promise<void> {
  const { status } = await request('POST', '/urls', {
    json: { original_url: 'https://example.com/', short_code: code }
  })
  if (status !== 201) throw new Error(`the link was not made: ${status}`)
  const { status: followed } = await request('GET', `/${code}`)
  if (followed !== 302) throw new Error(`the link does not redirect: ${followed}`)
}

/** Lets `width` visitors follow a link repeatedly until `leave` is called. */
export function sendVisitors(server: Pick<Running, 'request'>, path: string, width = 8): Visitors {
  const aggregate: Visitors['aggregate'] = { given: 0, refused: new Map(), unanswered: 0 }
  let isOver = false
  const visit = async () => {
    while (!isOver) {
      try {
        const { status } = await server.request('GET', path)
        if (status === 302) aggregate.given++
        else aggregate.refused.set(status, (aggregate.refused.get(status) ?? 0) + 1)
      } catch {
        aggregate.unanswered++
        await wait(5)
      }
    }
  }
  const visits = Promise.all(Array.from({ length: width }, visit))
  return {
    aggregate,
    async untilGiven(more) {
      const goal = aggregate.given + more
      await until(
        () => aggregate.given,
        (given) => given >= goal
      )
    },
    async leave() {
      isOver = true
      await visits
    }
  }
}
