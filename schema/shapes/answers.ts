import { Type } from './type.ts'

/** Sentences about what a request said that had no effect, or that looks odd. */
export const Warnings = Type.Optional(
  Type.Array(Type.String(), {
    description: 'Fields of the body that were ignored, and what is odd about a target that was just set'
  })
)
