import { Warnings } from './answers.ts'
import { ROLES, SCOPES } from './key.ts'
import { PageQuery } from './page.ts'
import { Flag, Id, Nullable, Time } from './text.ts'
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

const SessionId = Type.String({
  pattern: '^[0-9a-f]{16}$',
  description: 'Not the secret in the cookie',
  examples: ['5b1c9a0e77d24f36']
})

export const SessionParams = Type.Object({ id: SessionId })

/** A session that has not ended, without anything that signs in. */
export const ActiveSession = Type.Object(
  {
    id: SessionId,
    name: Nullable(Type.String({ description: 'Of the key, or of the user', examples: ['deploy script'] })),
    role: Type.Enum([...ROLES]),
    user_id: Nullable(Id),
    key_id: Nullable(
      Type.String({
        description: 'The key that began the session; null if the identity provider did',
        examples: ['9f86d081884c7d65']
      })
    ),
    created_at: Time,
    last_seen_at: Type.String({ ...Time, description: 'The last request, up to a few minutes late' }),
    expires_at: Time,
    idle_expires_at: Type.String({ ...Time, description: 'When the session ends without further requests' }),
    is_current: Type.Boolean({ description: 'True for the session of this request' })
  },
  { title: 'ActiveSession' }
)

export const SessionQuery = Type.Object({ ...PageQuery.properties, all: Type.Optional(Flag) })

export type SignIn = Static<typeof SignIn>
export type ActiveSession = Static<typeof ActiveSession>
export type SessionQuery = Static<typeof SessionQuery>
export type Session = Static<typeof Session>
