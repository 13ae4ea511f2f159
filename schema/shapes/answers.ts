import { Type } from './type.ts'

/** Warnings about parts of a request that had no effect, or that look suspicious. */
export const Warnings = Type.Optional(
  Type.Array(Type.String(), {
    description: 'Fields of the body that were ignored, and what is odd about a target that was just set'
  })
)
