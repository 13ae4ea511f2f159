import { problems as requests } from '#platform/problem/errors.ts'
import { defineProblems, type ProblemError } from '#platform/problem/problem.ts'

export const problems = defineProblems({
  QR_TOO_LONG: [422, 'The short URL is too long for a QR code', 'Use a shorter PUBLIC_URL or a shorter code']
})

export const tooLong = (bytes: number) =>
  problems.QR_TOO_LONG(`The short URL has more than ${bytes} bytes, which cameras can not read`)

/** The problem of a query parameter; `message` ends a sentence that begins with its name. */
export function parameterRefused(path: string, message: string): ProblemError {
  return requests.INPUT_INVALID(`${path} ${message}`, { errors: [{ path, message }] })
}
