import { run } from '#apps/run.ts'
import { announce } from './announce.ts'
import { refuseExposure } from './exposure.ts'

/** The server: answers requests, and stores clicks unless CLICK_DRAIN=off. */
run({
  command: 'npm start',
  summary: 'Serves the API and the redirects.',
  app: {},
  check: refuseExposure,
  place: ({ server: { host, port } }) => ({ host, port, setting: 'PORT' }),
  announce
})
