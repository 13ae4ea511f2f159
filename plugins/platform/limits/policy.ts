/** Rate limits: how settings write them and how response headers report them. */

/** The names of the limits. `api` is for every call without a limit of its own. */
export const LIMITS = [
  'api',
  'create',
  'bulk',
  'signIn',
  'credentials',
  'unknownCodes',
  'passwords',
  'linkPasswords'
] as const

export type LimitName = (typeof LIMITS)[number]

/** `max` requests in a window that begins with the first one. */
export interface Policy {
  max: number
  windowMs: number
}

/** The state of one client under a policy. */
export interface RateLimitState {
  isExceeded: boolean
  remaining: number
  resetMs: number
}

/** True if `text` is a valid limit: `600/60`. */
export function isPolicy(text: string): boolean {
  return /^[1-9]\d{0,6}\/[1-9]\d{0,4}$/.test(text)
}

/** Parses `600/60`: 600 requests in 60 seconds. Requires that {@link isPolicy} accepts `text`. */
export function parsePolicy(text: string): Policy {
  const [max = 0, seconds = 0] = text.split('/').map(Number)
  return { max, windowMs: seconds * 1_000 }
}

/** Whole seconds to wait, at least one. */
export function secondsOf(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000))
}

/**
 * The `RateLimit-Policy` header (draft-ietf-httpapi-ratelimit-headers-10, section 3), the same for every
 * response under the policy. @fastify/rate-limit would send the three headers of draft 7, which later drafts
 * removed.
 */
export function policyField(name: LimitName, { max, windowMs }: Policy): string {
  return `"${fieldName(name)}";q=${max};w=${windowMs / 1_000}`
}

/** The `RateLimit` header (same draft, section 4): requests left, and seconds until the window ends. */
export function standingField(name: LimitName, { remaining, resetMs }: RateLimitState): string {
  return `"${fieldName(name)}";r=${remaining};t=${secondsOf(resetMs)}`
}

/** The name as headers and settings spell it: `sign-in` for `signIn`. */
export function fieldName(name: LimitName): string {
  return name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)
}
