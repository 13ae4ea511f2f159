import { type Static, Type } from '#schema/shapes/type.ts'
import { count, optional, text } from './setting-kinds.ts'

/** Settings of authentication and sessions: a part of apps/settings.ts. */
export const AccessSettings = Type.Object({
  AUTH: Type.Enum(['open', 'keys'], {
    description:
      '`open` lets everyone use the API; `keys` requires an API key or a session. Redirects and probes are always public',
    default: 'open'
  }),
  AUTH_OPEN_BEYOND_LOOPBACK: Type.Enum(['no', 'yes'], {
    description:
      'Allows a server with `AUTH=open` to listen beyond loopback, where everyone can then change everything',
    default: 'no'
  }),
  ADMIN_KEY: optional(
    text(
      'First API key, with the role `admin`: `fl_`, 16 hexadecimal digits, `_`, 43 characters of base64url',
      {
        pattern: '^fl_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$'
      }
    )
  ),
  SESSION_IDLE_MINUTES: count('Minutes without a request after which a browser session ends', 60, 1, 43_200),
  SESSION_MAX_HOURS: count('Longest duration of a browser session, in hours', 12, 1, 8_760),
  OIDC_ISSUER: optional(
    text('OpenID Connect identity provider for browser sign-in; http is allowed on loopback only', {
      format: 'base-url',
      pattern: '^https://|^http://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:\\d+)?(/|$)'
    })
  ),
  OIDC_CLIENT_ID: optional(text('Client id of this server at the provider')),
  OIDC_CLIENT_SECRET: optional(
    text('Client secret of this server at the provider, at least 16 characters', { minLength: 16 })
  ),
  OIDC_SCOPES: text('Scopes requested from the provider', {
    default: 'openid email profile',
    pattern: '^(.* )?openid( .*)?$'
  }),
  OIDC_ROLE_CLAIM: optional(
    text('Claim with one or more roles: `admin`, `member`, `read-only`. A user without one cannot sign in')
  ),
  OIDC_ADMINS: text('Email addresses of administrators, comma-separated; other users are members', {
    default: '',
    pattern: '^$|^[^\\s,@]+@[^\\s,@]+(\\s*,\\s*[^\\s,@]+@[^\\s,@]+)*$'
  })
})

export type AccessSettings = Static<typeof AccessSettings>
