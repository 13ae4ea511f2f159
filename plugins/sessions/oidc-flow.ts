import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/**
 * The state of a sign-in, which the browser keeps while it visits the provider, and the page to return to.
 */

/** Maximum duration of a sign-in at the provider. */
export const FLOW_MS = 600_000

export interface Flow {
  state: string
  nonce: string
  verifier: string
  returnTo: string
  /** When the flow expires, in milliseconds since the epoch. */
  until: number
}

/** An arbitrary origin to resolve paths against. */
const BASE = 'http://page.invalid'

/**
 * True if `path` is the path of one of `pages`. `pages` are route patterns; one that ends in `/*` includes
 * everything below. Paths that a browser would normalise (WHATWG URL, 4.4: backslashes, dot segments, tabs,
 * non-ASCII letters) are rejected.
 */
export function isPagePath(path: string, pages: readonly string[]): boolean {
  const url = URL.parse(path, BASE)
  if (url === null || url.href !== `${BASE}${path}`) return false
  return pages.some((page) =>
    page.endsWith('/*') ? url.pathname.startsWith(page.slice(0, -1)) : url.pathname === page
  )
}

/**
 * Signs flows with HMAC-SHA-256, so that only those of this server are accepted. The key is derived from
 * `secret`, which all replicas share.
 */
export function createFlowSeal(secret: string, now: () => number) {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'fairlead sign-in flow', 32))
  const sign = (text: string) => createHmac('sha256', key).update(text).digest()
  return {
    seal(flow: Omit<Flow, 'until'>): string {
      const text = Buffer.from(JSON.stringify({ ...flow, until: now() + FLOW_MS })).toString('base64url')
      return `${text}.${sign(text).toString('base64url')}`
    },
    /** Returns the flow, or null if it has expired or its signature is invalid. */
    open(sealed: string): Flow | null {
      const [text = '', signature = ''] = sealed.split('.')
      const given = Buffer.from(signature, 'base64url')
      const wanted = sign(text)
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return null
      // The signature proves that this server, or a replica, has written it.
      const flow: Flow = JSON.parse(Buffer.from(text, 'base64url').toString())
      return flow.until > now() ? flow : null
    }
  }
}
