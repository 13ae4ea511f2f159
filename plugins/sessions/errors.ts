import { problems as general } from '#platform/problem/errors.ts'
import { defineProblems } from '#platform/problem/problem.ts'

export const problems = defineProblems({
  SIGN_IN_FAILED: [401, 'The sign-in did not succeed', 'Begin again at /session/oidc'],
  SIGN_IN_REFUSED: [
    403,
    'This identity may not sign in here',
    'Have the provider verify the email address, or ask an administrator for a user or a role, as `detail` says'
  ],
  SESSION_UNKNOWN: [404, 'No such session', 'List the sessions with GET /api/sessions'],
  PROVIDER_UNAVAILABLE: [
    503,
    'The provider of identities does not answer',
    'Sign in again later, or sign in with a key'
  ]
})

/** The exact reason is logged and not in the response, because it would help an attacker. */
export const signInFailed = () =>
  problems.SIGN_IN_FAILED(
    'The provider’s answer is invalid, has expired or was used before; begin again at /session/oidc'
  )

export const emailUnverified = () =>
  problems.SIGN_IN_REFUSED('The provider does not say that the email address is verified; verify it there')

export const emailConfusable = () =>
  problems.SIGN_IN_REFUSED(
    'The email address has characters other than visible ASCII and could be taken for another; use another one'
  )

export const userUninvited = () =>
  problems.SIGN_IN_REFUSED('No user here has this email address; ask an administrator to create one')

export const roleMissing = () =>
  problems.SIGN_IN_REFUSED('The provider gives this user no role here; ask an administrator')

export const providerUnavailable = () =>
  problems.PROVIDER_UNAVAILABLE('Try again in a while, or sign in with a key', { retryAfter: 10 })

export const notPagePath = () =>
  general.INPUT_INVALID('return_to must be the path of a page of this server, in ASCII, such as /docs', {
    errors: [{ path: 'return_to', message: 'is not the path of a page' }]
  })

export const sessionUnknown = (id: string) =>
  problems.SESSION_UNKNOWN(`There is no session ${id} that you may end, or it has ended`)
