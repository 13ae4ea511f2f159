import { type Static, Type } from './type.ts'

/** RFC 9457 problem details, with the contract's `error`, `errors` and `request_id` beside them. */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.String(),
    error: Type.String(),
    code: Type.String(),
    request_id: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() })))
  },
  { title: 'Problem' }
)

export type Problem = Static<typeof Problem>

/** A problem as one of the answers of an operation (OpenAPI 3.1, "Response Object"), with the headers that come with it. */
export function problemAnswer(description: string, headers?: Record<string, object>): object {
  return {
    description,
    content: { 'application/problem+json': { schema: Problem } },
    ...(headers && { headers })
  }
}
