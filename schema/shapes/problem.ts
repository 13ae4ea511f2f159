import { type Static, Type } from './type.ts'

/** RFC 9457 problem details, plus `error`, `errors` and `request_id` of the contract. */
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
