import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { ClickDraft } from '#plugins/clicks/contract.ts'
import type { CachedLink } from './cached-link.ts'
import type { VisitReader } from './visit-ids.ts'

/** What every redirect answers and records, through the route or the fast lane. */

/**
 * Caches must revalidate each redirect: otherwise later visits would not count, and a changed target would go
 * unseen. Shared caches must not store it.
 */
export const CACHE_CONTROL = 'private, no-cache'

/** Describes one visit from the address `ip`; `details` are those of the event besides the visit's. */
export type DescribeVisit = (
  cachedLink: CachedLink,
  request: IncomingMessage,
  ip: string,
  details?: Record<string, string>
) => ClickDraft

/**
 * Creates the descriptions of visits. With `honourOptOut`, visitors that opt out count without identifying
 * data. `readVisit` returns the id of a visit that a proxy may retry on another replica.
 */
export function createDescription(honourOptOut: boolean, readVisit: VisitReader): DescribeVisit {
  return ({ urlId, userId, domain, shortCode }, request, ip, details) => {
    const { method, headers } = request
    const isIdentified = !honourOptOut || !optsOut(headers)
    return {
      urlId,
      userId,
      domain,
      shortCode,
      method: method as 'GET' | 'HEAD',
      ip: isIdentified ? ip : null,
      userAgent: isIdentified ? headers['user-agent'] : undefined,
      referrer: isIdentified ? headers.referer : undefined,
      visit: readVisit(request),
      details
    }
  }
}

/**
 * True if the browser opts out of tracking: `DNT: 1` (W3C Tracking Preference Expression, section 5.2), or
 * `Sec-GPC: 1` (Global Privacy Control, section 3.1).
 */
function optsOut(headers: IncomingHttpHeaders): boolean {
  return headers['dnt'] === '1' || headers['sec-gpc'] === '1'
}
