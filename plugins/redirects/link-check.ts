import type { FastifyRequest } from 'fastify'
import type { TieredCache } from '#platform/cache/tiered.ts'
import type { FailureLimiter } from '#platform/limits/index.ts'
import { type CachedLink, isCode } from './cached-link.ts'
import { resolve } from './resolve.ts'

/**
 * Requires that `code` has a link that answers visitors now; counts no visit. Throws the problem that its
 * redirect would answer.
 */
export type LinkCheck = (request: FastifyRequest, code: string) => Promise<void>

/** Creates the check. Unknown codes count as those of redirects. */
export function createLinkCheck(
  links: TieredCache<CachedLink>,
  keyOf: (code: string) => string,
  unknownCodes: FailureLimiter | null
): LinkCheck {
  return async function requireLink(request, code) {
    const key = keyOf(code)
    if (unknownCodes?.isBlocked(request) && links.held(key) === undefined) throw unknownCodes.refuse(request)
    const found = isCode(code) ? await links.get(key) : null
    const resolution = resolve(found, { now: Date.now(), url: '' })
    if (resolution.kind !== 'problem') return
    if (resolution.outcome === 'unknown' && isCode(code)) unknownCodes?.record(request)
    throw resolution.problem
  }
}
