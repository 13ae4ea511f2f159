import { defineProblems, type ProblemError } from '#platform/problem/problem.ts'
import { fieldName, type LimitName } from './policy.ts'

export const problems = defineProblems({
  OVERLOADED: [
    503,
    'The server has more to do than it can',
    'Send the request again after the seconds in Retry-After'
  ],
  RATE_LIMITED: [429, 'Too many requests', 'Send the request again after the seconds in Retry-After']
})

const WHAT: Record<LimitName, string> = {
  api: 'calls',
  create: 'creations',
  bulk: 'imports',
  signIn: 'attempts to sign in',
  credentials: 'calls with an invalid key',
  unknownCodes: 'short codes that no link has',
  passwords: 'wrong passwords of links',
  linkPasswords: 'wrong passwords of this link'
}

/** Cached by seconds, because capturing a stack for each refusal of a flood costs more than the rest. */
const made = new Map<string, ProblemError>()

/** The problem for too many requests under the limit `name`; `retryAfter` is in whole seconds. */
export function rateLimited(name: LimitName, retryAfter: number): ProblemError {
  const id = `${name}:${retryAfter}`
  let problem = made.get(id)
  if (problem === undefined) {
    if (made.size >= 1_000) made.clear()
    const detail = `Too many ${WHAT[name]} from here (limit ${fieldName(name)}): try again in ${retryAfter} seconds`
    problem = problems.RATE_LIMITED(detail, { retryAfter })
    made.set(id, problem)
  }
  return problem
}
