import { randomUUID } from 'node:crypto'
import type { Click } from '#plugins/clicks/contract.ts'

/** The user agent of a browser. */
export const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36'

/**
 * Creates a click of an anonymous browser, with a unique id; `at` is a time or milliseconds since the epoch.
 */
export function makeClick(urlId: number, at: string | number, more: Partial<Click> = {}): Click {
  return {
    id: randomUUID(),
    urlId,
    userId: null,
    domain: '',
    shortCode: `c${urlId}`,
    at: typeof at === 'number' ? at : Date.parse(at),
    method: 'GET',
    userAgent: CHROME,
    referrer: null,
    visitor: null,
    details: null,
    ...more
  }
}
