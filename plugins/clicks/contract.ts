import type { Queue } from '#platform/queue/index.ts'

/** The types of clicks for other capabilities. */

/** A click as a redirect records it. The IP address only distinguishes visitors; it is not passed on. */
export interface ClickDraft {
  urlId: number
  userId: number | null
  /** Empty for the default domain. */
  domain: string
  shortCode: string
  method: 'GET' | 'HEAD'
  /** Null for a visitor that must not be distinguished from others. */
  ip: string | null
  userAgent: string | undefined
  referrer: string | undefined
  /** The visit's name from a trusted proxy, see `readVisit`; undefined without one. */
  visit?: string | undefined
  /** More members of the event's details. */
  details?: Record<string, string> | undefined
}

/** A stored click. */
export interface Click {
  /** UUIDv7 (RFC 9562). A second insert with the same id has no effect. */
  id: string
  urlId: number
  userId: number | null
  /** Empty for the default domain. */
  domain: string
  shortCode: string
  /** Milliseconds since the epoch. */
  at: number
  method: 'GET' | 'HEAD'
  userAgent: string | null
  referrer: string | null
  /** Daily salted hash of the visitor; null without a salt, and for visitors that opted out. */
  visitor: string | null
  /** More members of the event's details; null for none. */
  details: Record<string, string> | null
}

/** Returns the current salt of visitor names, or null while there is none. */
export type SaltProvider = () => Buffer | null

/** `app.clicks`: takes clicks from redirects and stores each once. */
export interface Clicks extends Queue<ClickDraft, Click> {
  /** Returns the clicks of drafts that the caller stores itself, at this time. At most 65,536. */
  toClicks(drafts: ClickDraft[]): Click[]
  /** Sets the salt of visitor names; without a salt visitors have none. */
  saltWith(salt: SaltProvider): void
}
