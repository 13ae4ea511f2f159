import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TieredCache } from '#platform/cache/tiered.ts'
import { answerError } from '#platform/http/errors.ts'
import { logRequest, REQUEST_ID_FIELD } from '#platform/http/request-log.ts'
import type { FailureLimiter } from '#platform/limits/index.ts'
import type { ProblemError } from '#platform/problem/problem.ts'
import type { Clicks } from '#plugins/clicks/contract.ts'
import type { VisitOutcome } from '#plugins/urls/contract.ts'
import { LinkPreview } from '#schema/shapes/link-preview.ts'
import { REDIRECT_STATUSES } from '#schema/shapes/url.ts'
import { isCode } from '#schema/shapes/url-codes.ts'
import type { CachedLink } from './cached-link.ts'
import { visitUnrecorded } from './errors.ts'
import type { LoadPreview } from './find-link.ts'
import type { Lock, LockedLink } from './lock.ts'
import type { VisitorPages } from './pages/pages.ts'
import type { RedirectHistogram, Timer } from './redirect-histogram.ts'
import { type Redirection, resolve } from './resolve.ts'
import { CACHE_CONTROL, type DescribeVisit } from './visit.ts'
import { type SpendVisit, usesVisit } from './visit-limit.ts'

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

const HIDDEN = {
  description: 'A preview without the target: the visits of the link are limited, and this request is none',
  content: {
    'application/json': { schema: LinkPreview },
    'text/html': { schema: { type: 'string' } }
  }
}

const PROBLEMS = [
  'LINK_UNKNOWN',
  'LINK_EXPIRED',
  'LINK_USED_UP',
  'LINK_BLOCKED',
  'LINK_PASSWORD_NEEDED',
  'LINK_PASSWORD_WRONG',
  'RATE_LIMITED',
  'PASSWORDS_BUSY',
  'LOOKUP_UNAVAILABLE',
  'CLICK_UNRECORDED'
]

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
    clicks: Clicks
    describe: DescribeVisit
    spend: SpendVisit
    pages: VisitorPages
    loadPreview: LoadPreview
    lock: Lock
    unknownCodes: FailureLimiter | null
  }
) {
  const { links, keyOf, histogram, clicks, describe, spend, pages, loadPreview, lock, unknownCodes } = options

  app.setChildLoggerFactory((logger) => logger)
  app.setErrorHandler((error, request, reply) => {
    request.log = request.log.child({ [REQUEST_ID_FIELD]: request.id })
    answerError(error, request, reply, pages.sendProblem)
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
    start: number,
    isUnlocked = false
  ) {
    const resolution = resolve(cachedLink, { now: Date.now(), url: request.raw.url ?? '', isUnlocked })
    if (resolution.kind === 'location') {
      if (resolution.isLimited) followLimited(resolution, request, reply, start)
      else
        clicks.add(describe(resolution.link, request.raw, request.address, resolution.details), {
          onTaken: () => redirect(resolution, reply, start),
          onRefused: (error) => refuse(reply, visitUnrecorded(error), histogram.failed, start)
        })
      return
    }
    if (resolution.kind === 'password') {
      unlock(resolution.link, request, reply, start)
      return
    }
    const { problem, outcome } = resolution
    if (outcome === 'unknown' && isCode(request.params.short_code)) unknownCodes?.record(request)
    refuse(reply, problem, histogram[outcome], start)
  }

  function unlock(link: LockedLink, request: FastifyRequest<Follow>, reply: FastifyReply, start: number) {
    const refuseLocked = (error: Error) => refuse(reply, error, timerOf(histogram, error), start)
    const verdict = lock.check(link, request)
    if (verdict instanceof Promise)
      verdict.then(() => follow(link, request, reply, start, true)).catch(refuseLocked)
    else if (verdict === null) {
      const { headers, url = '' } = request.raw
      // The form is not the page that the visitor came from.
      if (headers.referer?.endsWith(url)) delete headers.referer
      follow(link, request, reply, start, true)
    } else refuseLocked(verdict)
  }

  function followLimited(
    resolution: Redirection,
    request: FastifyRequest<Follow>,
    reply: FastifyReply,
    start: number
  ): void {
    const { link, details } = resolution
    if (!usesVisit(request.raw)) {
      pages
        .sendHidden(request, reply, () => loadPreview(resolution, request.params.short_code))
        .catch((error: Error) => refuse(reply, error, histogram.failed, start))
      return
    }
    spend(describe(link, request.raw, request.address, details), request.raw)
      .then((outcome) => {
        if (outcome === 'given') redirect(resolution, reply, start)
        else follow(asOf(link, outcome), request, reply, start)
      })
      .catch((error: Error) => refuse(reply, visitUnrecorded(error), histogram.failed, start))
  }

  function redirect({ location, status }: Redirection, reply: FastifyReply, start: number): void {
    stop(histogram.followed, start)
    reply.code(status).header('location', location).header('cache-control', CACHE_CONTROL).send()
  }

  for (const [url, operationId] of PATHS) {
    app.route<Follow>({
      method: ['GET', 'HEAD'],
      url,
      exposeHeadRoute: false,
      config: { hot: true, access: 'public', answers: { ...FOLLOWED, 200: HIDDEN } },
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

/** The timer of a request that did not prove the password. */
function timerOf({ limited, locked, failed }: RedirectHistogram, error: Error): Timer {
  const { statusCode } = error as Partial<ProblemError>
  return statusCode === 429 ? limited : statusCode === 401 ? locked : failed
}

/** The link as the database has it, which the cache is about to learn. */
function asOf(link: CachedLink, outcome: Exclude<VisitOutcome, 'given'>): CachedLink {
  return outcome === 'used_up' ? { ...link, isUsedUp: true } : { ...link, isActive: false }
}

function stop(timer: Timer, start: number): void {
  timer.observe(performance.now() - start)
}

function refuse(reply: FastifyReply, problem: Error, timer: Timer, start: number): void {
  stop(timer, start)
  reply.send(problem)
}
