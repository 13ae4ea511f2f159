import type { LinkTarget } from '#plugins/urls/contract.ts'
import { toLocation } from '#schema/shapes/location.ts'

/**
 * The format of cached links in Redis (OpenOptions.format). Change the letter when a release could misread a
 * link of the other format, above all when a field restricts the link. `v` was the first.
 */
export const LINK_FORMAT = 'w'

/** What a redirect needs of a link, computed when the link enters the cache. */
export interface CachedLink {
  urlId: number
  userId: number | null
  /** Empty for the default domain. */
  domain: string
  shortCode: string
  /** The target, encoded for a header. */
  location: string
  /** False for deleted links too. */
  isActive: boolean
  /** Not stored in Redis: each process has its own list of blocked hosts. */
  isBlocked: boolean
  /** Milliseconds since the epoch, null for never. */
  expiresAt: number | null
  version: number
}

export function toCachedLink({
  id,
  userId,
  domain,
  shortCode,
  originalUrl,
  isActive,
  expiresAt,
  version
}: LinkTarget): CachedLink {
  const location = toLocation(originalUrl)
  return { urlId: id, userId, domain, shortCode, location, isActive, isBlocked: false, expiresAt, version }
}

/** Sets whether the target of a link is blocked, in place. Returns the link. */
export function checkCachedLink(cachedLink: CachedLink, blocks: (url: string) => boolean): CachedLink {
  cachedLink.isBlocked = blocks(cachedLink.location)
  return cachedLink
}

/** Returns the text of a cached link for Redis, without its block. */
export function encodeCachedLink(cachedLink: CachedLink): string {
  return JSON.stringify({ ...cachedLink, isBlocked: false })
}

/** True if a link may have this code. Other texts need no lookup. */
export function isCode(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text)
}
