import { defineProblem } from '#platform/problem/problem.ts'

const unknown = defineProblem('LINK_UNKNOWN', 404, 'No such link')
const expired = defineProblem('LINK_EXPIRED', 410, 'The link has expired')
const blocked = defineProblem('LINK_BLOCKED', 403, 'The link leads to a blocked host')
const clickUnrecorded = defineProblem('CLICK_UNRECORDED', 503, 'The visit can not be recorded now')

/**
 * For links that are switched off or deleted too: who asks learns no more of them than of what never was. Made once, as
 * they always say the same: collecting a stack costs more than the rest of a refusal, and guessers ask all day.
 */
export const LINK_UNKNOWN = unknown('No link has this short code; check it for typing errors')

export const LINK_EXPIRED = expired('The link led somewhere until its owner had it end')

export const LINK_BLOCKED = blocked('Links to the host that it leads to are not followed here')

export const visitUnrecorded = (cause: unknown) =>
  clickUnrecorded('The link works, but its visit could not be recorded: try again soon', {
    retryAfter: 1,
    cause
  })
