import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TieredCache } from '#platform/cache/tiered.ts'
import { answerError } from '#platform/errors.ts'
import { problemAnswer } from '#schema/shapes/problem.ts'
import { LINK_EXPIRED, LINK_UNKNOWN, visitUnrecorded } from './errors.ts'
import { type Hop, isCode } from './hop.ts'
import type { Timer, Timers } from './timers.ts'
import { CACHE_CONTROL, isExpired, type RecordVisit } from './visit.ts'

interface Follow {
  Params: { short_code: string }
}

const FOLLOWED = {
  302: {
    type: 'null',
    description: 'Where the link leads',
    headers: { Location: { type: 'string', description: 'The target, exactly as it is stored' } }
  },
  404: problemAnswer('No link has this code, or it leads nowhere any more'),
  410: problemAnswer('The link has expired'),
  429: problemAnswer('The address has asked for too many codes that no link has')
}

const PATHS = ['/:short_code', '/s/:short_code', '/urls/:short_code/redirect']

/**
 * Serves `GET` and `HEAD` of short codes, in a scope at the framework's limit: no hook, no validation, no child logger,
 * and nothing is awaited that is there already. Most hits never come here: see fast-lane.ts.
 */
export async function followRoutes(
  app: FastifyInstance,
  options: { links: TieredCache<Hop>; timers: Timers; record: RecordVisit }
) {
  const { links, timers, record } = options

  app.setChildLoggerFactory((logger) => logger)
  app.setErrorHandler((error, request, reply) => {
    // Where there is something to log, the line names its request after all.
    if (error !== LINK_UNKNOWN && error !== LINK_EXPIRED)
      request.log = request.log.child({ reqId: request.id })
    return answerError(error, request, reply)
  })

  // None of these gives back the reply: it is thenable, so it would be waited for.
  function onFollow(request: FastifyRequest<Follow>, reply: FastifyReply): Promise<void> | undefined {
    const start = performance.now()
    const code = request.params.short_code
    const found = isCode(code) ? links.get(code) : null
    if (found instanceof Promise) return followLater(found, request, reply, start)
    return follow(found, request, reply, start)
  }

  async function followLater(
    finding: Promise<Hop | null>,
    request: FastifyRequest<Follow>,
    reply: FastifyReply,
    start: number
  ) {
    let found: Hop | null
    try {
      found = await finding
    } catch (error) {
      stop(timers.failed, start)
      throw error
    }
    await follow(found, request, reply, start)
  }

  function follow(hop: Hop | null, request: FastifyRequest<Follow>, reply: FastifyReply, start: number) {
    if (hop === null || !hop.isActive) {
      stop(timers.unknown, start)
      throw LINK_UNKNOWN
    }
    if (isExpired(hop)) {
      stop(timers.expired, start)
      throw LINK_EXPIRED
    }
    const recorded = record(hop, request.raw, request.ip)
    if (recorded !== null) return leadLater(recorded, hop, reply, start)
    lead(hop, reply, start)
  }

  function leadLater(recorded: Promise<void>, hop: Hop, reply: FastifyReply, start: number): Promise<void> {
    return recorded.then(
      () => lead(hop, reply, start),
      (error) => {
        stop(timers.failed, start)
        throw visitUnrecorded(error)
      }
    )
  }

  function lead(hop: Hop, reply: FastifyReply, start: number) {
    stop(timers.followed, start)
    reply.code(302).header('location', hop.location).header('cache-control', CACHE_CONTROL).send()
  }

  for (const url of PATHS) {
    app.route<Follow>({
      method: ['GET', 'HEAD'],
      url,
      exposeHeadRoute: false,
      config: { hot: true, access: 'public', answers: FOLLOWED },
      // For the description only: a schema of the parameter would be checked on each request.
      schema: { tags: ['redirects'], summary: 'Follow a link (302); counts as one click' },
      handler: onFollow
    })
  }
}

function stop(timer: Timer, start: number): void {
  timer.observe(performance.now() - start)
}
