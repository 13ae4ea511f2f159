import { type Static, Type } from '#schema/shapes/type.ts'
import { count, optional, text } from './setting-kinds.ts'

/** The settings of who may call and how they are known: a part of apps/settings.ts. */
export const AccessSettings = Type.Object({
  AUTH: Type.Enum(['open', 'keys'], {
    description: 'Who may call: everybody, or who has a key. Redirects and probes ask for none',
    default: 'open'
  }),
  AUTH_OPEN_BEYOND_LOOPBACK: Type.Enum(['no', 'yes'], {
    description:
      'Whether a server with `AUTH=open` may listen where others reach it: everybody may then change all',
    default: 'no'
  }),
  ADMIN_KEY: optional(
    text('The first key of an administrator: `fl_`, 16 hexadecimal digits, `_`, 43 letters of base64url', {
      pattern: '^fl_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$'
    })
  ),
  SESSION_IDLE_MINUTES: count('How long a session of a browser lasts when nothing is asked', 60, 1, 43_200),
  SESSION_MAX_HOURS: count('How long a session of a browser lasts at most', 12, 1, 8_760),
  OIDC_ISSUER: optional(
    text('Provider of identities that browsers may sign in at (OpenID Connect); http on loopback only', {
      format: 'base-url',
      pattern: '^https://|^http://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:\\d+)?(/|$)'
    })
  ),
  OIDC_CLIENT_ID: optional(text('What the provider calls this server')),
  OIDC_CLIENT_SECRET: optional(
    text('What this server is known by at the provider, 16 characters or more', { minLength: 16 })
  ),
  OIDC_SCOPES: text('What is asked of the provider', {
    default: 'openid email profile',
    pattern: '^(.* )?openid( .*)?$'
  }),
  OIDC_ROLE_CLAIM: optional(
    text(
      'Claim that holds the role, or several: `admin`, `member`, `read-only`. Whoever has none may not sign in'
    )
  ),
  OIDC_ADMINS: text('Email addresses of administrators, comma-separated; others are members', {
    default: '',
    pattern: '^$|^[^\\s,@]+@[^\\s,@]+(\\s*,\\s*[^\\s,@]+@[^\\s,@]+)*$'
  })
})

export type AccessSettings = Static<typeof AccessSettings>
