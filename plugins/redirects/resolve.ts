import type { ProblemError } from '#platform/problem/problem.ts'
import type { CachedLink } from './cached-link.ts'
import { LINK_BLOCKED, LINK_EXPIRED, LINK_UNKNOWN } from './errors.ts'

/** The outcome of a request for a link. A location counts as a click of `link`. */
export type Resolution =
  | { kind: 'location'; location: string; link: CachedLink }
  | { kind: 'problem'; problem: ProblemError; outcome: 'blocked' | 'unknown' | 'expired' }

const UNKNOWN: Resolution = { kind: 'problem', problem: LINK_UNKNOWN, outcome: 'unknown' }
const BLOCKED: Resolution = { kind: 'problem', problem: LINK_BLOCKED, outcome: 'blocked' }
const EXPIRED: Resolution = { kind: 'problem', problem: LINK_EXPIRED, outcome: 'expired' }

/**
 * Decides the outcome of a request at `now`: the first reason that applies. `link` is null for an unknown
 * code.
 */
export function resolve(link: CachedLink | null, now: number): Resolution {
  if (link === null) return UNKNOWN
  if (isPlain(link, now)) return { kind: 'location', location: link.location, link }
  if (link.isBlocked) return BLOCKED
  if (!link.isActive) return UNKNOWN
  return EXPIRED
}

/**
 * True if only the location of the link decides the outcome at `now`. The fast lane serves only these links.
 */
export function isPlain({ isActive, isBlocked, expiresAt }: CachedLink, now: number): boolean {
  return isActive && !isBlocked && (expiresAt === null || expiresAt > now)
}
