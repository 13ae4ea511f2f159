import { defineProblems } from '#platform/problem/problem.ts'

export const problems = defineProblems({
  LINK_UNKNOWN: [
    404,
    'No such link',
    'Check the short code for typing errors. Inactive and deleted links are unknown too'
  ],
  LINK_EXPIRED: [
    410,
    'The link has expired',
    'Ask the owner of the link for a new one; the owner may also move `expires_at`'
  ],
  LINK_USED_UP: [
    410,
    'The link is used up',
    'Ask the owner of the link for a new one; the owner may also raise `max_visits`'
  ],
  LINK_PASSWORD_NEEDED: [
    401,
    'The link has a password',
    'Send it as `X-Link-Password`, or with `Authorization: Basic` and any user name. Browsers get a form'
  ],
  LINK_PASSWORD_WRONG: [
    401,
    'The password of the link is wrong',
    'Ask the sender of the link for its password'
  ],
  LINK_BLOCKED: [
    403,
    'The link leads to a blocked host',
    'Nothing: the operator of the server blocks the host of the target'
  ],
  CLICK_UNRECORDED: [
    503,
    'The visit can not be recorded now',
    'Follow the link again after the seconds in Retry-After'
  ]
})

/**
 * Also answers inactive and deleted links, so that clients can't tell them from codes that never existed.
 * Created once: the answer is constant, and its stack trace costs more than the rest of it under a scan of
 * codes.
 */
export const LINK_UNKNOWN = problems.LINK_UNKNOWN('No link has this short code; check it for typing errors')

export const LINK_EXPIRED = problems.LINK_EXPIRED('The link led somewhere until its owner had it end')

export const LINK_USED_UP = problems.LINK_USED_UP('The link has had all the visits that its owner allows')

export const LINK_BLOCKED = problems.LINK_BLOCKED('Links to the host that it leads to are not followed here')

/** RFC 7617. Pages for visitors do not send it, because browsers would ask for a user name too. */
const CHALLENGE = { headers: { 'www-authenticate': 'Basic realm="link", charset="UTF-8"' } }

export const PASSWORD_NEEDED = problems.LINK_PASSWORD_NEEDED(
  'Send the password of the link in X-Link-Password or with Authorization: Basic',
  CHALLENGE
)

export const PASSWORD_WRONG = problems.LINK_PASSWORD_WRONG(
  'This is not the password of the link; check it for typing errors',
  CHALLENGE
)

export const visitUnrecorded = (cause: unknown) =>
  problems.CLICK_UNRECORDED('The link works, but its visit could not be recorded: try again soon', {
    retryAfter: 1,
    cause
  })
