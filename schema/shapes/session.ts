import { ROLES, SCOPES } from './key.ts'
import { Id, Nullable, Time } from './text.ts'
import { type Static, Type } from './type.ts'

/** Who is signed in, as it travels. */

export const SignIn = Type.Object({
  key: Type.String({ minLength: 1, maxLength: 200, description: 'An API key: `fl_…`' })
})

export const Session = Type.Object(
  {
    kind: Type.String({
      description: 'What tells who asks: a `session`, a `key`, or nothing on an `open` server',
      examples: ['session']
    }),
    name: Nullable(Type.String({ description: 'Of the key, or of the user' })),
    role: Type.Enum([...ROLES]),
    scopes: Type.Array(Type.Enum([...SCOPES])),
    user_id: Nullable(Id),
    key_id: Nullable(Type.String()),
    expires_at: Nullable(Time),
    idle_expires_at: Nullable(
      Type.String({ ...Time, description: 'When the session ends if nothing more is asked' })
    )
  },
  { title: 'Session' }
)

export type SignIn = Static<typeof SignIn>
export type Session = Static<typeof Session>
