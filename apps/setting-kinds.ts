import { type TSchema, Type } from '#schema/shapes/type.ts'

/** The kinds of values that settings have. */

export const text = (description: string, options: object = {}) => Type.String({ description, ...options })
export const count = (description: string, value: number, minimum: number, maximum: number) =>
  Type.Integer({ description, default: value, minimum, maximum })
/** A number of requests, and of the seconds in which they may be made. */
export const limit = (description: string, value: string) =>
  text(description, { default: value, format: 'rate-limit' })
export const optional = <T extends TSchema>(schema: T) => Type.Optional(schema)
