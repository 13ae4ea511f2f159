import { ConfigError } from '#apps/config-error.ts'
import { splitList } from '#apps/setting-formats.ts'
import type { Settings } from '#apps/settings.ts'
import { foldIdentity } from '#platform/database/folding.ts'
import type { LimitOptions } from '#platform/limits/index.ts'
import { parsePolicy } from '#platform/limits/policy.ts'

/** The settings of sign-in and of rate limits for the plugins: a part of apps/config.ts. */

export interface SessionConfig {
  own: string | undefined
  idleMs: number
  maxMs: number
  oidc: OidcConfig | null
}

interface OidcConfig {
  issuer: string
  clientId: string
  clientSecret: string
  redirectUri: string
  scopes: string
  roleClaim: string | undefined
  admins: string[]
}

/**
 * Reads the settings of sessions. Takes valid settings and the server's own origin, if known. Throws a {@link
 * ConfigError} if they are inconsistent.
 */
export function readSessions(settings: Settings, own: string | undefined): SessionConfig {
  return {
    own,
    idleMs: settings.SESSION_IDLE_MINUTES * 60_000,
    maxMs: settings.SESSION_MAX_HOURS * 3_600_000,
    oidc: readOidc(settings)
  }
}

function readOidc(settings: Settings): OidcConfig | null {
  const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, PUBLIC_URL, AUTH } = settings
  if (!OIDC_ISSUER && !OIDC_CLIENT_ID && !OIDC_CLIENT_SECRET) return null
  if (OIDC_ISSUER && OIDC_CLIENT_ID && OIDC_CLIENT_SECRET && PUBLIC_URL && AUTH === 'keys')
    return {
      issuer: OIDC_ISSUER,
      clientId: OIDC_CLIENT_ID,
      clientSecret: OIDC_CLIENT_SECRET,
      redirectUri: `${PUBLIC_URL.replace(/\/+$/, '')}/session/oidc/callback`,
      scopes: settings.OIDC_SCOPES,
      roleClaim: settings.OIDC_ROLE_CLAIM,
      admins: splitList(settings.OIDC_ADMINS).map(foldIdentity)
    }
  const needed = { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, PUBLIC_URL }
  const missing = Object.entries(needed).flatMap(([name, value]) => (value ? [] : [name]))
  throw new ConfigError([
    ...missing.map((name) => `${name} must be set too for OpenID Connect`),
    ...(AUTH === 'keys' ? [] : ['AUTH must be keys for OpenID Connect'])
  ])
}

function isLimited({ RATE_LIMIT, AUTH }: Settings): boolean {
  return RATE_LIMIT === 'on' || (RATE_LIMIT === 'auto' && AUTH === 'keys')
}

/** Reads the rate limits. A server without keys still has links with passwords. */
export function readPolicies(settings: Settings): LimitOptions['policies'] {
  if (settings.RATE_LIMIT === 'off') return {}
  return {
    passwords: parsePolicy(settings.RATE_LIMIT_PASSWORDS),
    linkPasswords: parsePolicy(settings.RATE_LIMIT_LINK_PASSWORDS),
    ...(isLimited(settings) && readClientPolicies(settings))
  }
}

function readClientPolicies(settings: Settings): LimitOptions['policies'] {
  return {
    api: parsePolicy(settings.RATE_LIMIT_API),
    create: parsePolicy(settings.RATE_LIMIT_CREATE),
    bulk: parsePolicy(settings.RATE_LIMIT_BULK),
    signIn: parsePolicy(settings.RATE_LIMIT_SIGN_IN),
    credentials: parsePolicy(settings.RATE_LIMIT_CREDENTIALS),
    unknownCodes: parsePolicy(settings.RATE_LIMIT_UNKNOWN_CODES)
  }
}
