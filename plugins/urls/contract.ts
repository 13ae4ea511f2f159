import type { Utm } from '#schema/shapes/utm.ts'

/** What a redirect needs of a link. */
export interface LinkTarget {
  id: number
  userId: number | null
  /** Empty for the default domain. */
  domain: string
  /** The code of the request, which may be an alias, in the case of the link. */
  shortCode: string
  originalUrl: string
  /** False for deleted links too. */
  isActive: boolean
  /** Milliseconds since the epoch. */
  startsAt: number | null
  expiresAt: number | null
  expiredUrl: string | null
  redirectStatus: number
  forwardQuery: boolean
  utm: Utm | null
  /** Null without a password. */
  passwordVersion: number | null
  maxVisits: number | null
  visitsUsed: number
  version: number
}

/** What becomes of a visit of a link with a limit; `unknown` for a link that is not active any more. */
export type VisitOutcome = 'given' | 'used_up' | 'unknown'
