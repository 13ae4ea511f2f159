import { Type } from './type.ts'

/**
 * The `headers` of the schema of a route that takes an `Idempotency-Key`: see plugins/platform/idempotency.
 */
export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: '^[!-~]+$',
      description: 'A random word of your own: the request may then be repeated for a day, and is done once',
      examples: ['0e6d3f0c-3a51-4c8e-9d55-6f2b8b1c7a90']
    })
  )
})
