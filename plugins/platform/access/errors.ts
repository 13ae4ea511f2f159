import { defineProblem, type ProblemError } from '#platform/problem/problem.ts'
import type { Scope } from '#schema/shapes/key.ts'

const missing = defineProblem('CREDENTIALS_MISSING', 401, 'This needs a key')
const invalid = defineProblem('CREDENTIALS_INVALID', 401, 'The key or the session is not valid')
const scopeMissing = defineProblem('SCOPE_MISSING', 403, 'The key or the session may not do this')

/** What is said of credentials in general, `WWW-Authenticate` with it (RFC 6750, section 3; RFC 9110, 11.6.1). */
const challenge = (...parts: string[]) => ({
  'www-authenticate': ['Bearer realm="Fairlead"', ...parts].join(', ')
})

export const credentialsMissing = () =>
  missing('Send a key as Authorization: Bearer fl_…, or sign in', { headers: challenge() })

/** Whether it is unknown, expired, revoked or misspelt is not told: it would help those who guess. */
export const credentialsInvalid = (): ProblemError =>
  invalid('The key or the session is unknown, has expired or was revoked; get a new one', {
    headers: challenge('error="invalid_token"')
  })

export const notAllowed = (scope: Scope) =>
  scopeMissing(`This takes the scope ${scope}; ask an administrator for a key that has it`, {
    headers: challenge('error="insufficient_scope"', `scope="${scope}"`)
  })
