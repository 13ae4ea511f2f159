import { defineProblems, type ProblemError } from '#platform/problem/problem.ts'
import type { Scope } from '#schema/shapes/key.ts'

export const problems = defineProblems({
  CREDENTIALS_MISSING: [
    401,
    'This needs a key',
    'Send an API key as `Authorization: Bearer fl_…` or `X-Api-Key`, or sign in'
  ],
  CREDENTIALS_INVALID: [
    401,
    'The key or the session is not valid',
    'Get a new key or sign in again: this one is unknown, expired or revoked'
  ],
  ORIGIN_REFUSED: [
    403,
    'Pages of other sites may not change anything here',
    'Call from a page of this server, or have the origin added to CORS_ORIGINS'
  ],
  SCOPE_MISSING: [
    403,
    'The key or the session may not do this',
    'Ask an administrator for a key with the scope that WWW-Authenticate names'
  ]
})

/** The `WWW-Authenticate` header of a 401 or 403 response (RFC 6750, section 3; RFC 9110, 11.6.1). */
const challenge = (...parts: string[]) => ({
  'www-authenticate': ['Bearer realm="Fairlead"', ...parts].join(', ')
})

export const credentialsMissing = () =>
  problems.CREDENTIALS_MISSING('Send a key as Authorization: Bearer fl_…, or sign in', {
    headers: challenge()
  })

/** Does not say whether the key is unknown, expired, revoked or misspelt: that would help attackers guess. */
export const credentialsInvalid = (): ProblemError =>
  problems.CREDENTIALS_INVALID(
    'The key or the session is unknown, has expired or was revoked; get a new one',
    {
      headers: challenge('error="invalid_token"')
    }
  )

export const notAllowed = (scope: Scope) =>
  problems.SCOPE_MISSING(`This takes the scope ${scope}; ask an administrator for a key that has it`, {
    headers: challenge('error="insufficient_scope"', `scope="${scope}"`)
  })
