import type { LinkTarget } from '#plugins/urls/contract.ts'

/** Creates what redirects need of a link without rules. */
export function makeLinkTarget(more: Partial<LinkTarget> = {}): LinkTarget {
  return {
    id: 7,
    userId: 3,
    domain: '',
    shortCode: 'a',
    originalUrl: 'https://acme.dev/a',
    isActive: true,
    startsAt: null,
    expiresAt: null,
    expiredUrl: null,
    redirectStatus: 302,
    forwardQuery: false,
    utm: null,
    passwordVersion: null,
    maxVisits: null,
    visitsUsed: 0,
    version: 1,
    ...more
  }
}
