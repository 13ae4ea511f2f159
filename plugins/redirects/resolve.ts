import type { ProblemError } from '#platform/problem/problem.ts'
import type { CachedLink } from './cached-link.ts'
import { LINK_BLOCKED, LINK_EXPIRED, LINK_UNKNOWN } from './errors.ts'
import { forwardedQuery, replaceParameters } from './query.ts'

/** The outcome of a request for a link. A location counts as a click of `link`. */
export type Resolution =
  | {
      kind: 'location'
      location: string
      status: number
      link: CachedLink
      /** What the click records besides the visit. */
      details?: Record<string, string>
    }
  | { kind: 'problem'; problem: ProblemError; outcome: 'blocked' | 'unknown' | 'expired' }

const UNKNOWN: Resolution = { kind: 'problem', problem: LINK_UNKNOWN, outcome: 'unknown' }
const BLOCKED: Resolution = { kind: 'problem', problem: LINK_BLOCKED, outcome: 'blocked' }
const EXPIRED: Resolution = { kind: 'problem', problem: LINK_EXPIRED, outcome: 'expired' }

/** The details of a click that led to `expired_url`. */
const LED_TO_EXPIRED = { outcome: 'expired' }

/** What decides the outcome besides the link. */
export interface Visit {
  /** Milliseconds since the epoch. */
  now: number
  /** Path and query of the request. */
  url: string
}

/** Decides the outcome of a request: the first reason that applies. `link` is null for an unknown code. */
export function resolve(link: CachedLink | null, { now, url }: Visit): Resolution {
  if (link === null) return UNKNOWN
  if (isPlain(link, now))
    return { kind: 'location', location: locationOf(link, url), status: link.status, link }
  if (link.isBlocked) return BLOCKED
  if (!link.isActive || !hasStarted(link, now)) return UNKNOWN
  if (link.expiredLocation === null) return EXPIRED
  return { kind: 'location', location: link.expiredLocation, status: 302, link, details: LED_TO_EXPIRED }
}

/**
 * True if the link leads to its location at `now`, whatever the request is but for its query. The fast lane
 * serves only these links, and only requests without a query.
 */
export function isPlain(link: CachedLink, now: number): boolean {
  const { isActive, isBlocked, expiresAt } = link
  return isActive && !isBlocked && (expiresAt === null || expiresAt > now) && hasStarted(link, now)
}

function hasStarted({ startsAt }: CachedLink, now: number): boolean {
  return startsAt === null || startsAt <= now
}

function locationOf({ location, forwardsQuery }: CachedLink, url: string): string {
  return forwardsQuery ? replaceParameters(location, forwardedQuery(url)) : location
}
