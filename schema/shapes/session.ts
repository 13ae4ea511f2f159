import { Warnings } from './answers.ts'
import { ROLES, SCOPES } from './key.ts'
import { Id, Nullable, Time } from './text.ts'
import { type Static, Type } from './type.ts'

/** The signed-in user, in its wire format. */

export const SignIn = Type.Object(
  {
    key: Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'An API key',
      examples: ['fl_9f86d081884c7d65_…']
    })
  },
  { title: 'SignIn' }
)

export const Session = Type.Object(
  {
    kind: Type.String({
      description:
        'How the caller is authenticated: by a `session`, a `key`, or not at all on an `open` server',
      examples: ['session']
    }),
    name: Nullable(Type.String({ description: 'Of the key, or of the user', examples: ['deploy script'] })),
    role: Type.Enum([...ROLES]),
    scopes: Type.Array(Type.Enum([...SCOPES])),
    user_id: Nullable(Id),
    key_id: Nullable(Type.String({ examples: ['9f86d081884c7d65'] })),
    expires_at: Nullable(Time),
    idle_expires_at: Nullable(
      Type.String({ ...Time, description: 'When the session ends without further requests' })
    ),
    warnings: Warnings
  },
  { title: 'Session' }
)

export type SignIn = Static<typeof SignIn>
export type Session = Static<typeof Session>
