import underPressure from '@fastify/under-pressure'
import type { FastifyInstance, onRequestHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { problems } from './errors.ts'

export interface SheddingOptions {
  /** How late the event loop may be on average, in milliseconds; 0 for as late as it likes, and so for all of these. */
  eventLoopMs: number
  heapBytes: number
  rssBytes: number
  /** How often it is looked, in milliseconds. */
  sampleMs?: number
}

declare module 'fastify' {
  interface FastifyInstance {
    /** `app.shedding`: whether load is shed now. */
    shedding: {
      /** Rejects while API calls are shed. */
      ping(): Promise<void>
      /** Hook `onRequest` of what may wait: refuses requests while the process is under pressure. */
      shedRequest: onRequestHookHandler
    }
  }
}

/**
 * Looks at the samples that must be under pressure in a row. A process that stood still (SIGSTOP, a paused machine) is well again after one,
 * which two looks may see: the requests that waited for it are served.
 */
const LATE_SAMPLES = 3

/**
 * Made once, as there is no time for stacks. The seconds after which to come back are spread, so that those who were refused
 * together do not return together.
 */
const REFUSALS = [1, 2, 3].map((retryAfter) =>
  problems.OVERLOADED('Redirects go first now; try again soon', { retryAfter, isExpected: true })
)

/**
 * Sheds load: while the process is under pressure `app.shedding.shedRequest` refuses API calls with 503 and
 * `Retry-After`, before authentication, so that redirects get what capacity is left.
 *
 * @fastify/under-pressure measures in a scope of its own, where it puts its hook on no route.
 */
async function shedding(app: FastifyInstance, options: SheddingOptions) {
  const { eventLoopMs, heapBytes, rssBytes, sampleMs = 500 } = options
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
      sampleInterval: sampleMs
    })
    isLate = () => scope.isUnderPressure()
  })
  // Not before: a start keeps the event loop busy too.
  let timer: NodeJS.Timeout | undefined
  app.addHook('onListen', (done) => {
    const look = () => {
      lateSamples = isLate() ? lateSamples + 1 : 0
    }
    timer = setInterval(look, sampleMs).unref()
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
