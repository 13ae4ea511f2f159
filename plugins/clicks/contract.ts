import type { Queue } from '#platform/queue/index.ts'

/** What other capabilities see of clicks. */

/** What a redirect knows of a click. The IP address only tells visitors apart and goes no further. */
export interface ClickDraft {
  urlId: number
  userId: number | null
  /** Empty for the default domain. */
  domain: string
  shortCode: string
  method: 'GET' | 'HEAD'
  /** Null for a visitor that must not be told from others. */
  ip: string | null
  userAgent: string | undefined
  referrer: string | undefined
  /** The visit's name as a trusted proxy gives it, see `readVisit`; undefined without one. */
  visit?: string | undefined
}

/** A click as it is stored. */
export interface Click {
  /** UUIDv7 (RFC 9562): storing a click twice under one id stores it once. */
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
}

/** Returns the current salt of visitor names, or null while there is none. */
export type SaltProvider = () => Buffer | null

/** `app.clicks`: takes clicks from redirects and stores each once. */
export interface Clicks extends Queue<ClickDraft, Click> {
  /** Sets the salt of visitor names; without a salt visitors have none. */
  saltWith(salt: SaltProvider): void
}
