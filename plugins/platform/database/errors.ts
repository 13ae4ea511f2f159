import { setTimeout as wait } from 'node:timers/promises'
import { defineProblems, type ProblemError } from '#platform/problem/problem.ts'

export const problems = defineProblems({
  DATABASE_UNAVAILABLE: [
    503,
    'The database is not available',
    'Send the request again after the seconds in Retry-After; for a write, check first if it was done, or use an Idempotency-Key'
  ],
  VALUE_NOT_STORABLE: [
    422,
    'A value can not be stored',
    'Remove characters that PostgreSQL can not store, such as NUL'
  ]
})

/** SQLSTATEs (PostgreSQL manual, appendix A) and socket errors that a retry may avoid. */
const PASSING =
  /^(08...|53...|57P0[1-5]|57014|58...|40001|40P01|55P03|25006|25P0[34]|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOENT|ENOTFOUND|EAI_AGAIN)$/
const PASSING_MESSAGES =
  /timeout exceeded when trying to connect|timeout expired|Connection terminated|Query read timeout|not queryable|connection timeout/i

interface DriverError extends Error {
  code?: string
  constraint?: string
  syscall?: string
}

/** The driver's error in `error` or its causes (Drizzle wraps it), or null if it is not a database error. */
export function findDriverError(error: unknown): DriverError | null {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as DriverError
    if (typeof code === 'string' && (/^[0-9A-Z]{5}$/.test(code) || PASSING.test(code))) return at
    if (PASSING_MESSAGES.test(at.message) || isConnectError(at)) return at
  }
  return null
}

/** True for any reason of a failed connect: a Unix socket with a full queue gives EAGAIN, for example. */
function isConnectError({ syscall }: DriverError): boolean {
  return syscall === 'connect' || syscall === 'getaddrinfo'
}

/** The unique constraint that `error` violates (SQLSTATE 23505), or null. */
export function violatedConstraint(error: unknown): string | null {
  const cause = findDriverError(error)
  return cause?.code === '23505' ? (cause.constraint ?? '') : null
}

/** True if the database is unavailable or overloaded, so that a retry may succeed. */
export function isTransientError(error: unknown): boolean {
  const cause = findDriverError(error)
  return cause !== null && (cause.code === undefined || PASSING.test(cause.code) || isConnectError(cause))
}

/** The problem to send for a database error: 503 if a retry may succeed, 422 for bad data, null for a bug. */
export function databaseProblem(error: unknown): ProblemError | null {
  const cause = findDriverError(error)
  if (!cause) return null
  if (cause.code?.startsWith('22')) {
    return problems.VALUE_NOT_STORABLE('A text of the request holds characters that can not be stored', {
      cause: error
    })
  }
  if (isTransientError(cause)) {
    return problems.DATABASE_UNAVAILABLE('The database did not answer in time; try again shortly', {
      retryAfter: 1,
      cause: error
    })
  }
  return null
}

/** Constraints that a retry avoids: it draws another id, or detects that the short code is taken. */
const RETRIED = /_pkey$|_short_code_unique$|^urls_(?:link|folded)_key$/

/**
 * Runs `work` (a transaction) up to five times, after a deadlock or when an import took an id that `work`
 * drew from a sequence. The import moves the sequence past its ids, so the next draw is free.
 */
export async function retryConflict<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const isConflict =
        findDriverError(error)?.code === '40P01' || RETRIED.test(violatedConstraint(error) ?? '')
      if (attempt === 5 || !isConflict) throw error
      // A random pause, because two simultaneous retries may conflict again.
      await wait(Math.random() * 20 * attempt)
    }
  }
}
