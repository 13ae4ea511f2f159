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
  credentials: 'calls with a key that is not good',
  unknownCodes: 'short codes that no link has'
}

/** Made once for each second of waiting: a flood is refused all the time, and collecting a stack costs more than the rest. */
const made = new Map<string, ProblemError>()

/** Too many under the limit `name`; takes the whole seconds after which there is room again. */
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
