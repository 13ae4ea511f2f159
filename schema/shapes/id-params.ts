import { Id } from './text.ts'
import { type Static, Type } from './type.ts'

/** The path parameter of `/users/:id` and similar paths. */
export const IdParams = Type.Object({ id: Id })

export type IdParams = Static<typeof IdParams>
