import { Warnings } from './answers.ts'
import { listParameters } from './list.ts'
import { Id, Nullable, Time, VISIBLE_NAME } from './text.ts'
import { type Static, Type } from './type.ts'

/** API keys in their wire format, and the names of their scopes. */

/** All scopes. A scope permits an operation; it does not say on whose resources. */
export const SCOPES = [
  'urls:read',
  'urls:write',
  'events:read',
  'events:write',
  'stats:read',
  'users:read',
  'users:write',
  'imports:write',
  'audit:read',
  'keys:admin',
  'blocklist:admin',
  'system:read',
  'tags:write'
] as const

export type Scope = (typeof SCOPES)[number]

export const ROLES = ['admin', 'member', 'read-only'] as const

export type Role = (typeof ROLES)[number]

const KeyId = Type.String({ pattern: '^[0-9a-f]{16}$', examples: ['9f86d081884c7d65'] })
const KeyName = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: VISIBLE_NAME,
  examples: ['deploy script']
})

export const KeyParams = Type.Object({ id: KeyId })

export const Key = Type.Object(
  {
    id: KeyId,
    name: Type.String({ examples: ['deploy script'] }),
    role: Type.Enum([...ROLES]),
    scopes: Type.Array(Type.Enum([...SCOPES])),
    user_id: Nullable(Id),
    created_at: Time,
    expires_at: Nullable(Time),
    revoked_at: Nullable(Time),
    last_used_at: Nullable(Time),
    warnings: Warnings
  },
  { title: 'Key' }
)

/** A new key, in the only answer that contains its secret. */
export const IssuedKey = Type.Object(
  {
    ...Key.properties,
    key: Type.String({
      examples: ['fl_9f86d081884c7d65_…'],
      description: 'Shown this once: only its hash is stored'
    })
  },
  { title: 'IssuedKey' }
)

export const KeyDraft = Type.Object(
  {
    name: KeyName,
    role: Type.Enum([...ROLES]),
    scopes: Type.Optional(Type.Array(Type.Enum([...SCOPES]), { maxItems: SCOPES.length })),
    user_id: Type.Optional(Nullable(Id)),
    expires_at: Type.Optional(Nullable(Type.String({ examples: ['2030-01-01T00:00:00'] })))
  },
  { title: 'KeyDraft' }
)

/** The sorts of a list of keys. */
export const KEY_SORTS = ['id', 'name', 'created_at', 'expires_at', 'last_used_at'] as const

export const KeyQuery = Type.Object({
  ...listParameters(KEY_SORTS),
  role: Type.Optional(Type.Enum([...ROLES])),
  state: Type.Optional(Type.Enum(['active', 'expired', 'revoked'])),
  user_id: Type.Optional(Id)
})

export type KeyQuery = Static<typeof KeyQuery>
export type Key = Static<typeof Key>
export type IssuedKey = Static<typeof IssuedKey>
export type KeyDraft = Static<typeof KeyDraft>
