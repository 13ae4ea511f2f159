import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Waiter } from '#platform/queue/batcher.ts'
import type { ClickDraft, Clicks } from '#plugins/clicks/contract.ts'
import type { CachedLink } from './cached-link.ts'
import type { VisitReader } from './visit-ids.ts'

/** What a redirect says and hands on, whichever way it is answered: by the route, or past it by the fast lane. */

/**
 * Whoever keeps a redirect must ask again before using it, or later visits would not be counted and a changed target
 * not be seen; and nobody on the way may keep it.
 */
export const CACHE_CONTROL = 'private, no-cache'

/** Hands one visit to `app.clicks`, from the address `ip`; `waiter` is told as by {@link Clicks.add}. */
export type RecordVisit = (
  cachedLink: CachedLink,
  request: IncomingMessage,
  ip: string,
  waiter: Waiter
) => void

/**
 * Makes what records visits. `honourOptOut`: those who ask not to be tracked are counted and nothing else. `readVisit`: by
 * what name a visit that is sent to a second replica is known.
 */
export function createRecorder(clicks: Clicks, honourOptOut: boolean, readVisit: VisitReader): RecordVisit {
  return ({ urlId, userId, domain, shortCode }, request, ip, waiter) => {
    const { method, headers } = request
    const isTold = !honourOptOut || !optsOut(headers)
    const draft: ClickDraft = {
      urlId,
      userId,
      domain,
      shortCode,
      method: method as 'GET' | 'HEAD',
      ip: isTold ? ip : null,
      userAgent: isTold ? headers['user-agent'] : undefined,
      referrer: isTold ? headers.referer : undefined,
      visit: readVisit(request)
    }
    clicks.add(draft, waiter)
  }
}

/**
 * Whether the browser asks not to be tracked: `DNT: 1` (W3C Tracking Preference Expression, section 5.2), or
 * `Sec-GPC: 1` (Global Privacy Control, section 3.1).
 */
function optsOut(headers: IncomingHttpHeaders): boolean {
  return headers['dnt'] === '1' || headers['sec-gpc'] === '1'
}
