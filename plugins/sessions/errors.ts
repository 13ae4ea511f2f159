import { defineProblem } from '#platform/problem/problem.ts'

const invalid = defineProblem('INPUT_INVALID', 422, 'The input is not valid')
const failed = defineProblem('SIGN_IN_FAILED', 401, 'The sign-in did not succeed')
const refused = defineProblem('SIGN_IN_REFUSED', 403, 'Who signed in may not come in here')
const unavailable = defineProblem('PROVIDER_UNAVAILABLE', 503, 'The provider of identities does not answer')

/** What exactly was wrong is logged and not told: it would help those who forge. */
export const signInFailed = () =>
  failed('The provider’s answer is not good, is too old or was used before; begin again at /session/oidc')

export const emailUnverified = () =>
  refused('The provider does not say that the email address is verified; verify it there')

export const emailConfusable = () =>
  refused(
    'The email address has characters other than visible ASCII and could be taken for another; use another one'
  )

export const userUninvited = () =>
  refused('No user here has this email address; ask an administrator to create one')

export const roleMissing = () => refused('The provider gives this user no role here; ask an administrator')

export const providerUnavailable = () =>
  unavailable('Try again in a while, or sign in with a key', { retryAfter: 10 })

export const notPagePath = () =>
  invalid('return_to must be the path of a page of this server, in ASCII, such as /docs', {
    errors: [{ path: 'return_to', message: 'is not the path of a page' }]
  })
