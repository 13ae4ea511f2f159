/** How often something may be done, in what words it is set, and in which it is told to clients. */

/** What is limited. `api` is every call that has no limit of its own. */
export const LIMITS = ['api', 'create', 'bulk', 'signIn', 'credentials', 'unknownCodes'] as const

export type LimitName = (typeof LIMITS)[number]

/** So many within a window that begins with the first. */
export interface Policy {
  max: number
  windowMs: number
}

/** One client's standing under a policy. */
export interface RateLimitState {
  isExceeded: boolean
  remaining: number
  resetMs: number
}

/** Whether `text` is a limit as it is set: `600/60`. */
export function isPolicy(text: string): boolean {
  return /^[1-9]\d{0,6}\/[1-9]\d{0,4}$/.test(text)
}

/** Reads `600/60`: so many in so many seconds. Takes what {@link isPolicy} has found good. */
export function parsePolicy(text: string): Policy {
  const [max = 0, seconds = 0] = text.split('/').map(Number)
  return { max, windowMs: seconds * 1_000 }
}

/** Whole seconds to wait, at least one. */
export function secondsOf(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000))
}

/**
 * The `RateLimit-Policy` field (draft-ietf-httpapi-ratelimit-headers-10, section 3), the same for every answer under the policy.
 * @fastify/rate-limit would send the three fields of the draft's seventh version, which is gone from the later ones.
 */
export function policyField(name: LimitName, { max, windowMs }: Policy): string {
  return `"${fieldName(name)}";q=${max};w=${windowMs / 1_000}`
}

/** The `RateLimit` field (the same draft, section 4): what is left, and the seconds until all is again. */
export function standingField(name: LimitName, { remaining, resetMs }: RateLimitState): string {
  return `"${fieldName(name)}";r=${remaining};t=${secondsOf(resetMs)}`
}

/** `signIn` as `sign-in`, as names are spelt on the wire. */
export function fieldName(name: LimitName): string {
  return name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)
}
