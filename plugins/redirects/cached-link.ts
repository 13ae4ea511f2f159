import { toLocation } from '#schema/shapes/location.ts'

/**
 * The format of cached links in Redis (OpenOptions.format). Take another letter with each change after which a release could
 * serve a link of the other format wrongly: a field that restricts it, above all. `v` was the first.
 */
export const LINK_FORMAT = 'w'

/** What a redirect needs to know of a link, computed when it enters the cache. */
export interface CachedLink {
  urlId: number
  userId: number | null
  /** Empty for the default domain. */
  domain: string
  shortCode: string
  /** The target as a header can carry it. */
  location: string
  /** False for a deleted link too. */
  isActive: boolean
  /** Redis does not hold this: each process has its own list of blocked hosts. */
  isBlocked: boolean
  /** Milliseconds since the epoch, null for never. */
  expiresAt: number | null
  version: number
}

/** A link as `app.urls` gives it. */
export interface Target {
  id: number
  userId: number | null
  /** Empty for the default domain. */
  domain: string
  shortCode: string
  originalUrl: string
  isActive: boolean
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
}: Target): CachedLink {
  const location = toLocation(originalUrl)
  return { urlId: id, userId, domain, shortCode, location, isActive, isBlocked: false, expiresAt, version }
}

/** Sets whether the target of a link is blocked, in place. Returns the link. */
export function checkCachedLink(cachedLink: CachedLink, blocks: (url: string) => boolean): CachedLink {
  cachedLink.isBlocked = blocks(cachedLink.location)
  return cachedLink
}

/** The text of a cached link for Redis, as if no host were blocked. */
export function encodeCachedLink(cachedLink: CachedLink): string {
  return JSON.stringify({ ...cachedLink, isBlocked: false })
}

/** True if a link may have this code. Other texts are not looked up. */
export function isCode(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text)
}
