import underPressure from '@fastify/under-pressure'
import type { FastifyInstance, onRequestHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { problems } from './errors.ts'

export interface SheddingOptions {
  /**
   * Maximum average event-loop delay in milliseconds. 0 disables this check, as it does for the other two.
   */
  eventLoopMs: number
  heapBytes: number
  rssBytes: number
}

declare module 'fastify' {
  interface FastifyInstance {
    /** `app.shedding`: the load shedder. */
    shedding: {
      /** Rejects while API calls are shed. */
      ping(): Promise<void>
      /** Hook `onRequest` of routes that may wait: refuses requests while the process is under pressure. */
      shedRequest: onRequestHookHandler
    }
  }
}

/**
 * Consecutive samples under pressure that start shedding. After a pause of the whole process (SIGSTOP, a
 * suspended machine) up to two samples are late, and the requests that arrived meanwhile should be served.
 */
const LATE_SAMPLES = 3
const SAMPLE_MS = 500

/**
 * Created once, because capturing stacks costs too much under load. The retry delays differ, so that refused
 * clients do not return at the same time.
 */
const REFUSALS = [1, 2, 3].map((retryAfter) =>
  problems.OVERLOADED('Redirects go first now; try again soon', { retryAfter, isExpected: true })
)

/**
 * Sheds load: while the process is under pressure, `app.shedding.shedRequest` refuses API calls with 503 and
 * `Retry-After`. It runs before authentication, so that redirects get the remaining capacity.
 *
 * @fastify/under-pressure measures in a scope of its own, where its hook runs on no route.
 */
async function shedding(app: FastifyInstance, options: SheddingOptions) {
  const { eventLoopMs, heapBytes, rssBytes } = options
  const { client } = app.metrics
  const registers = [client.register]
  let isLate = () => false
  let lateSamples = 0
  const isUnderPressure = () => lateSamples >= LATE_SAMPLES
  await app.register(async (scope) => {
    await scope.register(underPressure, {
      maxEventLoopDelay: eventLoopMs,
      maxHeapUsedBytes: heapBytes,
      maxRssBytes: rssBytes,
      sampleInterval: SAMPLE_MS
    })
    isLate = () => scope.isUnderPressure()
  })
  // Starts when the server listens: the start itself keeps the event loop busy.
  let timer: NodeJS.Timeout | undefined
  app.addHook('onListen', (done) => {
    const look = () => {
      lateSamples = isLate() ? lateSamples + 1 : 0
    }
    timer = setInterval(look, SAMPLE_MS).unref()
    done()
  })
  app.addHook('onClose', async () => clearInterval(timer))

  const shed = new client.Counter({
    name: 'fairlead_requests_shed_total',
    help: 'Requests refused because the process was under pressure',
    registers
  })
  new client.Gauge({
    name: 'fairlead_under_pressure',
    help: 'Whether the process sheds load now',
    registers,
    collect() {
      this.set(isUnderPressure() ? 1 : 0)
    }
  })

  let refused = 0
  const shedRequest: onRequestHookHandler = (_request, _reply, done) => {
    if (!isUnderPressure()) {
      done()
      return
    }
    shed.inc()
    done(REFUSALS[refused++ % REFUSALS.length])
  }

  app.decorate('shedding', {
    async ping() {
      if (isUnderPressure()) throw new Error('API calls are shed; redirects and probes are served')
    },
    shedRequest
  })
}

export default fp(shedding, { name: 'shedding', dependencies: ['metrics'], fastify: '5.x' })
