import { toLocation } from '#schema/shapes/location.ts'

/** What a redirect needs of a link, made ready when it enters the cache so that a hit has nothing left to do. */
export interface Hop {
  urlId: number
  userId: number | null
  shortCode: string
  /** The target as a header can carry it. */
  location: string
  /** False too while the link is blocked, so that a hit has one thing to look at. */
  isActive: boolean
  /** Whether it would be active, but for the host that it leads to. Redis does not hold this: each process judges for itself. */
  isBlocked: boolean
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
  const location = toLocation(originalUrl)
  return { urlId: id, userId, shortCode, location, isActive, isBlocked: false, expiresAt, version }
}

/** Judges a hop, in place, by whether links may lead where it does. Gives it. */
export function judgeHop(hop: Hop, blocks: (url: string) => boolean): Hop {
  const isActive = hop.isActive || hop.isBlocked
  hop.isBlocked = isActive && blocks(hop.location)
  hop.isActive = isActive && !hop.isBlocked
  return hop
}

/** The text of a hop for Redis, as if no host were blocked. */
export function encodeHop(hop: Hop): string {
  return JSON.stringify({ ...hop, isActive: hop.isActive || hop.isBlocked, isBlocked: false })
}

/** Whether any link may have this code; what can't be one is not worth a lookup. */
export function isCode(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text)
}
