import type { LinkTarget } from '#plugins/urls/contract.ts'
import { replaceParameters, toLocation } from '#schema/shapes/location.ts'
import { toUtmQuery } from '#schema/shapes/utm.ts'

/**
 * The format of cached links in Redis (OpenOptions.format). Change the letter when a release could misread a
 * link of the other format, above all when a field restricts the link. `v` was the first.
 */
export const LINK_FORMAT = 'x'

/** What a redirect needs of a link, computed when the link enters the cache. */
export interface CachedLink {
  urlId: number
  userId: number | null
  /** Empty for the default domain. */
  domain: string
  shortCode: string
  /** The target with its UTM parameters, encoded for a header. */
  location: string
  status: number
  /** Where the link leads once it is expired or used up, encoded; null for nowhere. */
  expiredLocation: string | null
  /** True if the query of a request goes on to the target. */
  forwardsQuery: boolean
  /** False for deleted links too. */
  isActive: boolean
  /** Not stored in Redis: each process has its own list of blocked hosts. */
  isBlocked: boolean
  /** Milliseconds since the epoch, null for from the beginning. */
  startsAt: number | null
  /** Milliseconds since the epoch, null for never. */
  expiresAt: number | null
  /** Null for a link that needs no password. The password itself is in the database only. */
  passwordVersion: number | null
  /** True if the link has no visits left; null without a limit. */
  isUsedUp: boolean | null
  version: number
}

export function toCachedLink({
  id,
  userId,
  domain,
  shortCode,
  originalUrl,
  utm,
  expiredUrl,
  redirectStatus: status,
  forwardQuery: forwardsQuery,
  isActive,
  startsAt,
  expiresAt,
  passwordVersion,
  maxVisits,
  visitsUsed,
  version
}: LinkTarget): CachedLink {
  const target = toLocation(originalUrl)
  return {
    urlId: id,
    userId,
    domain,
    shortCode,
    location: utm === null ? target : replaceParameters(target, toUtmQuery(utm)),
    status,
    expiredLocation: expiredUrl === null ? null : toLocation(expiredUrl),
    forwardsQuery,
    isActive,
    isBlocked: false,
    startsAt,
    expiresAt,
    passwordVersion,
    isUsedUp: maxVisits === null ? null : visitsUsed >= maxVisits,
    version
  }
}

/** Sets whether one of the link's targets is blocked, in place. Returns the link. */
export function checkCachedLink(cachedLink: CachedLink, blocks: (url: string) => boolean): CachedLink {
  const { location, expiredLocation } = cachedLink
  cachedLink.isBlocked = blocks(location) || (expiredLocation !== null && blocks(expiredLocation))
  return cachedLink
}

/** Returns the text of a cached link for Redis, without its block. */
export function encodeCachedLink(cachedLink: CachedLink): string {
  return JSON.stringify({ ...cachedLink, isBlocked: false })
}
