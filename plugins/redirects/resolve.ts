import type { ProblemError } from '#platform/problem/problem.ts'
import type { CachedLink } from './cached-link.ts'
import { LINK_BLOCKED, LINK_EXPIRED, LINK_UNKNOWN } from './errors.ts'
import type { LockedLink } from './lock.ts'
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
  | { kind: 'password'; link: LockedLink }
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
  /** True if the request has proved the password of the link. */
  isUnlocked?: boolean
}

/** Decides the outcome of a request: the first reason that applies. `link` is null for an unknown code. */
export function resolve(link: CachedLink | null, { now, url, isUnlocked = false }: Visit): Resolution {
  if (link === null) return UNKNOWN
  if (isPlain(link, now)) return giveLocation(link, url)
  if (link.isBlocked) return BLOCKED
  if (!link.isActive || !hasStarted(link, now)) return UNKNOWN
  if (isExpired(link, now)) return giveExpired(link)
  if (isLocked(link) && !isUnlocked) return { kind: 'password', link }
  return giveLocation(link, url)
}

function giveExpired(link: CachedLink): Resolution {
  if (link.expiredLocation === null) return EXPIRED
  return { kind: 'location', location: link.expiredLocation, status: 302, link, details: LED_TO_EXPIRED }
}

function giveLocation(link: CachedLink, url: string): Resolution {
  return { kind: 'location', location: locationOf(link, url), status: link.status, link }
}

/**
 * True if the link leads to its location at `now`, whatever the request is but for its query. The fast lane
 * serves only these links, and only requests without a query.
 */
export function isPlain(link: CachedLink, now: number): boolean {
  const { isActive, isBlocked } = link
  return isActive && !isBlocked && !isExpired(link, now) && hasStarted(link, now) && !isLocked(link)
}

function isExpired({ expiresAt }: CachedLink, now: number): boolean {
  return expiresAt !== null && expiresAt <= now
}

function isLocked(link: CachedLink): link is LockedLink {
  return link.passwordVersion !== null
}

function hasStarted({ startsAt }: CachedLink, now: number): boolean {
  return startsAt === null || startsAt <= now
}

function locationOf({ location, forwardsQuery }: CachedLink, url: string): string {
  return forwardsQuery ? replaceParameters(location, forwardedQuery(url)) : location
}
