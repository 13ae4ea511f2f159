import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { TieredCache } from '#platform/cache/tiered.ts'
import type { FailureLimiter } from '#platform/limits/index.ts'
import type { LinkPreview } from '#schema/shapes/link-preview.ts'
import { isCode } from '#schema/shapes/url-codes.ts'
import type { CachedLink } from './cached-link.ts'
import { LINK_UNKNOWN } from './errors.ts'
import { type Redirection, type Resolution, resolve } from './resolve.ts'

/** What requests that are no visits need of a link. */

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

/** Returns the preview of a redirect that the code `code` would give. Throws LINK_UNKNOWN. */
export type LoadPreview = (redirection: Redirection, code: string) => Promise<LinkPreview>

export function createPreviewLoader({ urls }: Pick<FastifyInstance, 'urls'>): LoadPreview {
  return async function loadPreview({ link, location, details, isLimited }, code) {
    const facts = await urls.describe(link.urlId, location)
    if (facts === null) throw LINK_UNKNOWN
    // The title and the warnings of a limited link would give its target away.
    if (isLimited) return { short_code: code, ...facts, target: null, title: null, warnings: [] }
    // The title is that of the target, and not of the page that replaces it.
    const title = details?.['outcome'] === undefined ? facts.title : null
    return { short_code: code, ...facts, target: location, title }
  }
}
