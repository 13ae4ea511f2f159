import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** What a browser keeps while it is away at the provider, and where it goes afterwards. */

/** How long somebody may take to sign in at the provider. */
export const FLOW_MS = 600_000

export interface Flow {
  state: string
  nonce: string
  verifier: string
  returnTo: string
  /** When it is too late, in milliseconds since the epoch. */
  until: number
}

/** Any origin: paths are read as relative to it. */
const BASE = 'http://page.invalid'

/**
 * Whether `path` leads to one of `pages` and nowhere else. `pages` are patterns of routes, of which those that end in `/*` stand for
 * all beneath. A path that a browser would read as another (WHATWG URL, 4.4: backslashes, dot segments, tabs, letters beyond ASCII) is none.
 */
export function isPagePath(path: string, pages: readonly string[]): boolean {
  const url = URL.parse(path, BASE)
  if (url === null || url.href !== `${BASE}${path}`) return false
  return pages.some((page) =>
    page.endsWith('/*') ? url.pathname.startsWith(page.slice(0, -1)) : url.pathname === page
  )
}

/**
 * Seals flows, so that none but this server's are believed: by HMAC-SHA-256, with a key that comes from the secret that all
 * replicas have.
 */
export function createFlowSeal(secret: string, now: () => number) {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'fairlead sign-in flow', 32))
  const sign = (text: string) => createHmac('sha256', key).update(text).digest()
  return {
    seal(flow: Omit<Flow, 'until'>): string {
      const text = Buffer.from(JSON.stringify({ ...flow, until: now() + FLOW_MS })).toString('base64url')
      return `${text}.${sign(text).toString('base64url')}`
    },
    /** The flow, or null when it is not of this server or too late. */
    open(sealed: string): Flow | null {
      const [text = '', signature = ''] = sealed.split('.')
      const given = Buffer.from(signature, 'base64url')
      const wanted = sign(text)
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return null
      // The signature says that this server, or a replica, has written it.
      const flow: Flow = JSON.parse(Buffer.from(text, 'base64url').toString())
      return flow.until > now() ? flow : null
    }
  }
}
