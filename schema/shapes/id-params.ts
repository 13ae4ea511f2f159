import { Id } from './text.ts'
import { type Static, Type } from './type.ts'

/** The path parameter of `/users/:id` and its like. */
export const IdParams = Type.Object({ id: Id })

export type IdParams = Static<typeof IdParams>
