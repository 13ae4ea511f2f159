import { run } from '#apps/run.ts'
import { StartRefused } from '#platform/problem/start-refused.ts'

/**
 * The worker: the server's plugins, with only the probes and metrics as routes. Stores clicks from the Redis
 * stream and maintains the tables, so that servers with CLICK_DRAIN=off only answer requests.
 */
run({
  command: 'npm run worker',
  summary: 'Stores the clicks of servers with CLICK_DRAIN=off. Needs REDIS_URL and DATABASE_URL.',
  app: { routes: false, probes: true, drain: true },
  check(config) {
    if (config.redis.url !== undefined && config.database.url !== undefined) return
    throw new StartRefused(
      'A worker shares a stream and a database with servers: set REDIS_URL and DATABASE_URL'
    )
  },
  place: ({ server: { host, workerPort } }) => ({ host, port: workerPort, setting: 'WORKER_PORT' }),
  announce: (app) => app.log.info({ url: app.listeningOrigin }, 'working')
})
