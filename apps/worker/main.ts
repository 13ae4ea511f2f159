import { run, StartFailed } from '#apps/run.ts'

/**
 * The worker: the server's plugins without its routes. Stores clicks from the Redis stream and keeps the tables in
 * order, so that servers with CLICK_DRAIN=off do nothing but answer.
 */
run({
  app: { routes: false, drain: true },
  check(config) {
    if (config.redis.url !== undefined && config.database.url !== undefined) return
    throw new StartFailed(
      'A worker shares a stream and a database with servers: set REDIS_URL and DATABASE_URL'
    )
  },
  async begin(app) {
    await app.ready()
    app.log.info('working')
  }
})
