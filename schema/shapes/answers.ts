import { Problem } from './problem.ts'
import type { TSchema } from './type.ts'

/**
 * The `response` of a route's schema: what it gives on success, and a problem for each error status named. Any
 * other error is a problem too.
 */
export function answers<Status extends number, Shape extends TSchema>(
  status: Status,
  shape: Shape,
  ...errors: number[]
) {
  const problems = Object.fromEntries(errors.map((code) => [code, Problem]))
  return { ...problems, [status]: shape } as Record<Status, Shape>
}
