/** What a redirect needs of a link, made ready when it enters the cache so that a hit has nothing left to do. */
export interface Hop {
  urlId: number
  userId: number | null
  shortCode: string
  /** The target as a header can carry it. */
  location: string
  isActive: boolean
  /** Milliseconds since the epoch, null for never. */
  expiresAt: number | null
  version: number
}

/** A link as `app.urls` gives it. */
export interface Target {
  id: number
  userId: number | null
  shortCode: string
  originalUrl: string
  isActive: boolean
  expiresAt: number | null
  version: number
}

export function toHop({ id, userId, shortCode, originalUrl, isActive, expiresAt, version }: Target): Hop {
  return { urlId: id, userId, shortCode, location: toLocation(originalUrl), isActive, expiresAt, version }
}

/**
 * The url as a `Location` header can carry it: as it is, but for what is not visible ASCII, which is percent-encoded as
 * UTF-8 (RFC 9110, section 5.5; RFC 3987, section 3.1). What is encoded already is not encoded again.
 */
export function toLocation(url: string): string {
  return /^[\x21-\x7e]*$/.test(url) ? url : url.toWellFormed().replace(/[^\x21-\x7e]+/g, encodeURIComponent)
}

/** Whether any link may have this code; what can't be one is not worth a lookup. */
export function isCode(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text)
}
