import type { ProblemError } from '#platform/problem/problem.ts'
import { replaceParameters } from '#schema/shapes/location.ts'
import type { CachedLink } from './cached-link.ts'
import { LINK_BLOCKED, LINK_EXPIRED, LINK_UNKNOWN, LINK_USED_UP } from './errors.ts'
import type { LockedLink } from './lock.ts'
import { forwardedQuery, isScan } from './query.ts'

/** A redirect, which counts as a click of `link`. */
export interface Redirection {
  kind: 'location'
  location: string
  status: number
  link: CachedLink
  /** What the click records besides the visit. */
  details?: Record<string, string> | undefined
  /** The link has a limit: the database counts the visit before the redirect. */
  isLimited?: true
}

/** The outcome of a request for a link. */
export type Resolution =
  | Redirection
  | { kind: 'password'; link: LockedLink }
  | { kind: 'problem'; problem: ProblemError; outcome: 'blocked' | 'unknown' | 'expired' }

const UNKNOWN: Resolution = { kind: 'problem', problem: LINK_UNKNOWN, outcome: 'unknown' }
const BLOCKED: Resolution = { kind: 'problem', problem: LINK_BLOCKED, outcome: 'blocked' }
const ENDS = {
  expired: { kind: 'problem', problem: LINK_EXPIRED, outcome: 'expired' },
  used_up: { kind: 'problem', problem: LINK_USED_UP, outcome: 'expired' }
} as const

/** The details of a click through a QR code. */
const SCANNED = { source: 'qr' }

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
  if (link.isUsedUp) return end(link, url, 'used_up')
  if (isExpired(link, now)) return end(link, url, 'expired')
  if (isLocked(link) && !isUnlocked) return { kind: 'password', link }
  const given = giveLocation(link, url)
  return link.isUsedUp === null ? given : { ...given, isLimited: true }
}

/** The outcome of a link that has ended. A click that leads to `expired_url` records why. */
function end(link: CachedLink, url: string, outcome: keyof typeof ENDS): Resolution {
  const { expiredLocation: location } = link
  if (location === null) return ENDS[outcome]
  const details = isScan(url) ? { outcome, ...SCANNED } : { outcome }
  return { kind: 'location', location, status: 302, link, details }
}

function giveLocation(link: CachedLink, url: string): Redirection {
  const details = isScan(url) ? SCANNED : undefined
  return { kind: 'location', location: locationOf(link, url), status: link.status, link, details }
}

/**
 * True if the link leads to its location at `now`, whatever the request is but for its query. The fast lane
 * serves only these links, and only requests without a query.
 */
export function isPlain(link: CachedLink, now: number): boolean {
  if (!link.isActive || link.isBlocked || link.isUsedUp !== null || isLocked(link)) return false
  return !isExpired(link, now) && hasStarted(link, now)
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
