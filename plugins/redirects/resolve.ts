import type { ProblemError } from '#platform/problem/problem.ts'
import type { CachedLink } from './cached-link.ts'
import { LINK_BLOCKED, LINK_EXPIRED, LINK_UNKNOWN } from './errors.ts'

/** What a request for a link gets; a location counts as a click of `link`. */
export type Resolution =
  | { kind: 'location'; location: string; link: CachedLink }
  | { kind: 'problem'; problem: ProblemError; outcome: 'blocked' | 'unknown' | 'expired' }

const UNKNOWN: Resolution = { kind: 'problem', problem: LINK_UNKNOWN, outcome: 'unknown' }
const BLOCKED: Resolution = { kind: 'problem', problem: LINK_BLOCKED, outcome: 'blocked' }
const EXPIRED: Resolution = { kind: 'problem', problem: LINK_EXPIRED, outcome: 'expired' }

/** Decides what a request at `now` gets, the first reason that applies: `link` is null for a code that no link has. */
export function resolve(link: CachedLink | null, now: number): Resolution {
  if (link === null) return UNKNOWN
  if (isPlain(link, now)) return { kind: 'location', location: link.location, link }
  if (link.isBlocked) return BLOCKED
  if (!link.isActive) return UNKNOWN
  return EXPIRED
}

/** True if nothing but the location of the link decides the answer at `now`: the fast lane serves these links only. */
export function isPlain({ isActive, isBlocked, expiresAt }: CachedLink, now: number): boolean {
  return isActive && !isBlocked && (expiresAt === null || expiresAt > now)
}
