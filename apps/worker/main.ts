import { run, StartFailed } from '#apps/run.ts'

/**
 * The worker: the server's plugins without its routes but the probes and the metrics. Stores clicks from the Redis stream
 * and keeps the tables in order, so that servers with CLICK_DRAIN=off do nothing but answer.
 */
run({
  app: { routes: false, probes: true, drain: true },
  check(config) {
    if (config.redis.url !== undefined && config.database.url !== undefined) return
    throw new StartFailed(
      'A worker shares a stream and a database with servers: set REDIS_URL and DATABASE_URL'
    )
  },
  async begin(app, config) {
    const { host, workerPort: port } = config.server
    try {
      const url = await app.listen({ host, port })
      app.log.info({ url }, 'working')
    } catch (error) {
      throw new StartFailed(`${(error as Error).message}: set HOST or WORKER_PORT to another`, {
        cause: error
      })
    }
  }
})
