import { Problem } from './problem.ts'
import { type TSchema, Type } from './type.ts'

/** Sentences about what a request said that had no effect, or that looks odd. */
export const Warnings = Type.Optional(
  Type.Array(Type.String(), {
    description: 'Fields of the body that were ignored, and what is odd about a target that was just set'
  })
)

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
