import { run, StartFailed } from '#apps/run.ts'
import { announce } from './announce.ts'
import { refuseExposure } from './exposure.ts'

/** The server: answers requests, and stores clicks unless CLICK_DRAIN=off. */
run({
  app: {},
  check: refuseExposure,
  async begin(app, config) {
    try {
      await app.listen({ host: config.server.host, port: config.server.port })
    } catch (error) {
      throw new StartFailed(`${(error as Error).message}: set HOST or PORT to another`, { cause: error })
    }
    announce(app, config)
  }
})
