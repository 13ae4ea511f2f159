import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TieredCache } from '#platform/cache/tiered.ts'
import { sendPageOrProblem } from '#platform/http/error-page.ts'
import { answerError } from '#platform/http/errors.ts'
import { logRequest, REQUEST_ID_FIELD } from '#platform/http/request-log.ts'
import type { FailureLimiter } from '#platform/limits/index.ts'
import { REDIRECT_STATUSES } from '#schema/shapes/url.ts'
import { type CachedLink, isCode } from './cached-link.ts'
import { visitUnrecorded } from './errors.ts'
import type { RedirectHistogram, Timer } from './redirect-histogram.ts'
import { resolve } from './resolve.ts'
import { CACHE_CONTROL, type RecordVisit } from './visit.ts'

interface Follow {
  Params: { short_code: string }
}

const FOLLOWED = Object.fromEntries(
  REDIRECT_STATUSES.map((status) => [
    status,
    {
      type: 'null',
      description: status === 302 ? 'Where the link leads' : `As 302, for links with this status`,
      headers: { Location: { type: 'string', description: 'The target, exactly as it is stored' } }
    }
  ])
)

const PROBLEMS = ['LINK_UNKNOWN', 'LINK_EXPIRED', 'LINK_BLOCKED', 'LOOKUP_UNAVAILABLE', 'CLICK_UNRECORDED']

/** The paths of a code, each with its operation id. */
const PATHS = [
  ['/:short_code', 'followLink'],
  ['/s/:short_code', 'followShortLink'],
  ['/urls/:short_code/redirect', 'followUrl']
] as const

/**
 * Serves `GET` and `HEAD` of short codes with the least overhead in the framework. There are no hooks and no
 * validation, child loggers for errors only, and promises only where needed. The fast lane serves most hits
 * (fast-lane.ts).
 */
export async function followRoutes(
  app: FastifyInstance,
  options: {
    links: TieredCache<CachedLink>
    /** Returns the key of a code (Codes.keyOf). */
    keyOf(code: string): string
    histogram: RedirectHistogram
    record: RecordVisit
    unknownCodes: FailureLimiter | null
  }
) {
  const { links, keyOf, histogram, record, unknownCodes } = options

  app.setChildLoggerFactory((logger) => logger)
  app.setErrorHandler((error, request, reply) => {
    request.log = request.log.child({ [REQUEST_ID_FIELD]: request.id })
    answerError(error, request, reply, sendPageOrProblem)
    logRequest(request, reply)
  })

  // The handlers return neither a promise nor the reply, which is thenable: the framework would await it.
  function onFollow(request: FastifyRequest<Follow>, reply: FastifyReply): void {
    const start = performance.now()
    const code = request.params.short_code
    if (unknownCodes?.isBlocked(request) && links.held(keyOf(code)) === undefined) {
      // After too many unknown codes, an address gets cached links only and no lookups.
      refuse(reply, unknownCodes.refuse(request), histogram.limited, start)
      return
    }
    const found = isCode(code) ? links.get(keyOf(code)) : null
    if (found instanceof Promise)
      found
        .then((cachedLink) => follow(cachedLink, request, reply, start))
        .catch((error: Error) => refuse(reply, error, histogram.failed, start))
    else follow(found, request, reply, start)
  }

  function follow(
    cachedLink: CachedLink | null,
    request: FastifyRequest<Follow>,
    reply: FastifyReply,
    start: number
  ) {
    const resolution = resolve(cachedLink, { now: Date.now(), url: request.raw.url ?? '' })
    if (resolution.kind === 'location') {
      const { location, status, link, details } = resolution
      record(link, request.raw, request.address, details, {
        onTaken: () => redirect(location, status, reply, start),
        onRefused: (error) => refuse(reply, visitUnrecorded(error), histogram.failed, start)
      })
      return
    }
    const { problem, outcome } = resolution
    if (outcome === 'unknown' && isCode(request.params.short_code)) unknownCodes?.record(request)
    refuse(reply, problem, histogram[outcome], start)
  }

  function redirect(location: string, status: number, reply: FastifyReply, start: number): void {
    stop(histogram.followed, start)
    reply.code(status).header('location', location).header('cache-control', CACHE_CONTROL).send()
  }

  for (const [url, operationId] of PATHS) {
    app.route<Follow>({
      method: ['GET', 'HEAD'],
      url,
      exposeHeadRoute: false,
      config: { hot: true, access: 'public', answers: FOLLOWED },
      // For the description only. A schema of the parameter would be validated on each request.
      schema: {
        operationId,
        tags: ['redirects'],
        summary: 'Follow a link (302); counts as one click',
        problems: PROBLEMS
      },
      handler: onFollow
    })
  }
}

function stop(timer: Timer, start: number): void {
  timer.observe(performance.now() - start)
}

function refuse(reply: FastifyReply, problem: Error, timer: Timer, start: number): void {
  stop(timer, start)
  reply.send(problem)
}
