import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TieredCache } from '#platform/cache/tiered.ts'
import { answerError } from '#platform/errors.ts'
import { LINK_EXPIRED, LINK_UNKNOWN, visitUnrecorded } from './errors.ts'
import { type Hop, isCode } from './hop.ts'
import type { Timer, Timers } from './timers.ts'

interface Follow {
  Params: { short_code: string }
}

const PATHS = ['/:short_code', '/s/:short_code', '/urls/:short_code/redirect']

/**
 * Whoever keeps a redirect must ask again before using it, or later visits would not be counted and a changed target
 * not be seen; and nobody on the way may keep it.
 */
const CACHE_CONTROL = 'private, no-cache'

/**
 * Serves `GET` and `HEAD` of short codes, in a scope at the framework's limit: no hook, no validation, no child logger,
 * and nothing is awaited that is there already.
 */
export async function followRoutes(
  app: FastifyInstance,
  options: { links: TieredCache<Hop>; timers: Timers; honourOptOut: boolean }
) {
  const { links, timers, honourOptOut } = options
  const { clicks } = app

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
    if (hop.expiresAt !== null && hop.expiresAt <= Date.now()) {
      stop(timers.expired, start)
      throw LINK_EXPIRED
    }
    const { headers } = request.raw
    const isTold = !honourOptOut || !optsOut(headers)
    const recorded = clicks.add({
      urlId: hop.urlId,
      userId: hop.userId,
      shortCode: hop.shortCode,
      method: request.raw.method as 'GET' | 'HEAD',
      ip: isTold ? request.ip : null,
      userAgent: isTold ? headers['user-agent'] : undefined,
      referrer: isTold ? headers.referer : undefined
    })
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
      config: { hot: true, access: 'public' },
      // For the description only: a schema of the parameter would be checked on each request.
      schema: { tags: ['redirects'], summary: 'Follow a link (302); counts as one click' },
      handler: onFollow
    })
  }
}

/**
 * Whether the browser asks not to be tracked: `DNT: 1` (W3C Tracking Preference Expression, section 5.2), or
 * `Sec-GPC: 1` (Global Privacy Control, section 3.1).
 */
function optsOut(headers: IncomingHttpHeaders): boolean {
  return headers['dnt'] === '1' || headers['sec-gpc'] === '1'
}

function stop(timer: Timer, start: number): void {
  timer.observe(performance.now() - start)
}
