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

/** Whether `path` leads to a page of this server and nowhere else, however a browser reads it (WHATWG URL, 4.4). */
export function isLocalPath(path: string): boolean {
  // Browsers take a backslash for a slash, and leave out tabs and line ends.
  return /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(path)
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
