import type { FastifyRequest } from 'fastify'
import type { TieredCache } from '#platform/cache/tiered.ts'
import type { FailureLimiter } from '#platform/limits/index.ts'
import { type CachedLink, isCode } from './cached-link.ts'
import { type Resolution, resolve } from './resolve.ts'

/** Resolves a code as a redirect does, but counts no visit. Throws the problem of the redirect. */
export type FindLink = (
  request: FastifyRequest,
  code: string
) => Promise<Exclude<Resolution, { kind: 'problem' }>>

/** Unknown codes count as those of redirects. */
export function createFindLink(
  links: TieredCache<CachedLink>,
  keyOf: (code: string) => string,
  unknownCodes: FailureLimiter | null
): FindLink {
  return async function findLink(request, code) {
    const key = keyOf(code)
    if (unknownCodes?.isBlocked(request) && links.held(key) === undefined) throw unknownCodes.refuse(request)
    const link = isCode(code) ? await links.get(key) : null
    const resolution = resolve(link, { now: Date.now(), url: request.url })
    if (resolution.kind !== 'problem') return resolution
    if (resolution.outcome === 'unknown' && isCode(code)) unknownCodes?.record(request)
    throw resolution.problem
  }
}
