import type { URL_STATES } from '#schema/shapes/url.ts'
import type { UrlRow } from '#schema/tables/urls.ts'

/** What a link does, in the order in which redirects decide it (plugins/redirects/resolve.ts). */

export type UrlState = (typeof URL_STATES)[number]

/** Returns the state of a link at `now`, in milliseconds since the epoch. */
export function stateOf(row: UrlRow, now: number, isBlocked: boolean): UrlState {
  if (row.deletedAt !== null) return 'deleted'
  if (isBlocked) return 'blocked'
  if (!row.isActive) return 'inactive'
  if (row.startsAt !== null && row.startsAt.getTime() > now) return 'scheduled'
  if (visitsLeftOf(row) === 0) return 'used_up'
  if (row.expiresAt !== null && row.expiresAt.getTime() <= now) return 'expired'
  return 'active'
}

/** Returns the visits that a link may still have; null without a limit. */
export function visitsLeftOf({ maxVisits, visitsUsed }: Pick<UrlRow, 'maxVisits' | 'visitsUsed'>) {
  // A limit may be set below the visits already used.
  return maxVisits === null ? null : Math.max(0, maxVisits - visitsUsed)
}
